// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation

extension DemoStory {
    /// What to do while the demo stays up.
    func invite(after duration: Duration) {
        screen.line()
        screen.title("Mọi bước đều đạt sau \(Self.seconds(duration)). Trục vẫn chạy; Ctrl-C để dừng", "still up")
        screen.line("  địa chỉ (address):  http://\(place.address)/XrdAdapter/adapter")
        screen.line(
            "  dữ liệu (data):     \(place.directory)"
                + (place.isTemporary ? "  — xóa khi dừng (removed at the end)" : ""))
        screen.line("  nhật ký (log):      \(place.log)")
        screen.line()
        screen.title("Thử trong một cửa sổ khác", "to try in another terminal")
        screen.line("  PATH=\(URL(fileURLWithPath: program.executable).deletingLastPathComponent().path):$PATH")
        let data = ["--data-dir", place.directory]
        screen.command(["truc", "agency", "list"] + data)
        screen.command(["truc", "trace", "15/SXD-VP", "--json"] + data)
        screen.command(["truc", "package", "check", place.package])
        screen.command(
            ["truc", "system", "add", "qlvb.soct", "--name", "QLVB Sở Công Thương", "--generate-secret"] + data)
        screen.line("  gửi lại gói tin, nhận lại đúng biên nhận cũ (send it again: the first receipt comes back):")
        screen.command(["curl", "--config", "\(place.requests)/02-sendEdoc"])
        screen.line("  kết nối hệ thống QLVB của mình (connect your own): README.md")
    }

    /// The last words, when everything has ended.
    func conclude(after duration: Duration) {
        screen.line()
        screen.tick(
            "mọi bước đều đạt; trục và PostgreSQL đã dừng · every step held, all is stopped (\(Self.seconds(duration)))"
        )
    }

    private static func seconds(_ duration: Duration) -> String {
        duration.formatted(.units(allowed: [.seconds], width: .narrow, fractionalPart: .show(length: 1)))
    }
}
