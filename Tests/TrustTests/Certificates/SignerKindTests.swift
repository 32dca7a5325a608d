// SPDX-License-Identifier: Apache-2.0
import Exchange
import TestKit
import Testing

@testable import Trust

@Suite(.timeLimit(.minutes(1))) struct SignerKindTests {
    @Test func `a subject tells whose signature it is, as far as it does`() async throws {
        let root = try await TestAuthority(root: "/CN=Gốc", in: TestCertificates())
        for (subject, kind) in [
            ("/C=VN/O=UBND tỉnh Mẫu/OU=Sở Mẫu/CN=Sở Mẫu", SignerKind.agency),
            ("/C=VN/CN=Ủy ban nhân dân xã Mẫu", .agency),
            ("/C=VN/O=UBND tỉnh Mẫu/CN=Văn phòng UBND tỉnh", .agency), ("/C=VN/UID=MST:0100000000/CN=Mẫu Một", .agency),
            ("/C=VN/O=Sở Mẫu/CN=Nguyễn Văn Mẫu", .person), ("/C=VN/UID=CCCD:000000000001/CN=Sở Thị Mẫu", .person),
            ("/C=VN/O=Sở Mẫu/title=Giám đốc/CN=Sở Mẫu", .person), ("/C=VN/O=Sở Mẫu/CN=Đoàn Văn Mẫu", .person),
            ("/C=VN/CN=Nguyễn Văn Mẫu", .unclear), ("/C=VN/O=Sở Mẫu", .unclear),
            ("/C=VN/O=SỞ  MẪU/CN=sở mẫu", .agency),
        ] {
            let pair = try await root.issue(subject)
            #expect(SignerKind(of: try certificate(pair)) == kind, "\(subject)")
        }
    }
}
