// SPDX-License-Identifier: Apache-2.0
import Exchange
import Testing
import VXPProtocol

@Suite struct VXPOperationTests {
    @Test(arguments: VXPOperation.allCases, ["", "/XrdAdapter/adapter", "/a/b/c/getEdoc", "//", "/bất kỳ"])
    func anyPrefixWorks(operation: VXPOperation, prefix: String) throws {
        #expect(try VXPOperation(method: operation.method, path: "\(prefix)/\(operation.pathComponent)") == operation)
        #expect(
            try VXPOperation(method: operation.method, path: "\(prefix)/\(operation.pathComponent)?a=/b") == operation)
    }

    @Test(arguments: [
        "", "/", "/sendedoc", "/SendEdoc", "/sendEdoc/", "/sendEdoc/x", "/sendEdoc%20", "?/sendEdoc", "/send",
    ])
    func otherNamesAreUnknown(path: String) {
        #expect(refusal { try VXPOperation(method: "POST", path: path) }?.code == .unknownOperation)
    }

    @Test func aPathHasABound() throws {
        let longest = String(repeating: "a", count: VXPOperation.maxPathBytes - 8)
        #expect(try VXPOperation(method: "POST", path: "/\(longest.dropFirst())/getEdoc") == .getEdoc)
        #expect(refusal { try VXPOperation(method: "POST", path: "/\(longest)/getEdoc") }?.code == .unknownOperation)
    }

    @Test(arguments: ["GET", "PUT", "post", "HEAD"])
    func onlyPost(method: String) {
        #expect(refusal { try VXPOperation(method: method, path: "/getEdoc") }?.code == .methodNotAllowed)
        #expect(refusal { try VXPOperation(method: method, path: "/nothing") }?.code == .unknownOperation)
    }

    @Test func whatChangesTheRegistryNeedsTLS() {
        #expect(VXPOperation.allCases.filter(\.needsTLS) == [.registerAgency, .deleteAgency])
    }

    @Test func onlyTheDownloadAndTheDirectoryAreGets() throws {
        #expect(VXPOperation.allCases.filter { $0.method != "POST" } == [.downloadEdoc, .getAgencyDirectory])
        for method in ["POST", "HEAD", "get"] {
            #expect(refusal { try VXPOperation(method: method, path: "/downloadEdoc") }?.code == .methodNotAllowed)
        }
    }
}
