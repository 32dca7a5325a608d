// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import Testing

@Suite struct FaultPointTests {
    @Test func `names are unique and say the operation first`() {
        #expect(Set(FaultPoint.allCases.map(\.rawValue)).count == FaultPoint.allCases.count)
        for point in FaultPoint.allCases {
            #expect(point.rawValue.wholeMatch(of: #/[a-z]+\.[a-z]+(-[a-z]+)*/#) != nil, "\(point.rawValue)")
        }
    }

    @Test func `an armed place kills at its count, as kill -9 would`() async {
        await #expect(processExitsWith: .signal(SIGKILL)) {
            setenv("TRUC_FAULT_POINT", "accept.before-commit:2", 1)
            FaultPoint.acceptBeforeCommit.pass()
            print("the first pass lives")
            FaultPoint.acceptBeforeCommit.pass()
        }
    }

    @Test func `other places, and the passes before the count, live`() async {
        await #expect(processExitsWith: .success) {
            setenv("TRUC_FAULT_POINT", "accept.before-commit:2", 1)
            for point in FaultPoint.allCases { point.pass() }
        }
    }

    @Test func `a name that is none arms nothing`() async {
        await #expect(processExitsWith: .success) {
            setenv("TRUC_FAULT_POINT", "accept.nowhere", 1)
            for point in FaultPoint.allCases { point.pass() }
        }
    }

    /// The file alone, compiled as a release build, as a debug build, and as a release build that asks for it.
    @Test(
        .timeLimit(.minutes(5)),
        arguments: [(["-O"], true), (["-Onone", "-DDEBUG"], false), (["-O", "-DTRUC_FAULT_POINTS"], false)])
    func `a release build cannot be armed`(flags: [String], lives: Bool) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "truc-fault-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try """
        for point in FaultPoint.allCases { point.pass() }
        print(FaultPoint.variables)
        """.write(to: folder.appending(path: "main.swift"), atomically: true, encoding: .utf8)
        let source = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "../../Sources/Exchange/FaultPoint.swift").standardizedFileURL.path
        let program = folder.appending(path: "program")
        let compiled = try await run(
            try compiler(),
            flags + ["-swift-version", "6", "-o", program.path, source, folder.appending(path: "main.swift").path])
        try #require(compiled.status == 0)

        let alive = try await run(program.path, [], ["TRUC_FAULT_POINT": "accept.before-commit"])
        #expect(alive.status == (lives ? 0 : SIGKILL))
        #expect(alive.output == (lives ? "[]\n" : ""))
        // Neither the variable nor what reads it is in the program.
        let bytes = try Data(contentsOf: program)
        #expect((bytes.range(of: Data("TRUC_FAULT_POINT".utf8)) == nil) == lives)
    }

    /// Of the toolchain whose library these tests run on.
    private func compiler() throws -> String {
        // Of no known length, it comes in pieces: read to the end.
        let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/maps"))
        let maps = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
        let library = try #require(maps.firstMatch(of: #/(/\S*)/lib/swift/linux/libswiftCore\.so/#))
        return library.1 + "/bin/swiftc"
    }

    private func run(
        _ program: String, _ arguments: [String], _ environment: [String: String] = [:]
    ) async throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        let end = AsyncStream<Int32>.makeStream()
        process.terminationHandler = { end.continuation.yield($0.terminationStatus) }
        try process.run()
        // Both programs say less than a pipe holds.
        let status = try #require(await end.stream.first { _ in true })
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        return (status, String(decoding: output, as: UTF8.self))
    }
}
