// SPDX-License-Identifier: Apache-2.0
import Exchange
import Foundation
import TestKit
import Testing
import VXPProtocol

/// Every call, from a client that shares no line with ours: what the SDK puts on the wire, written down in Python, with a
/// header map that one object keeps and fills from call to call, in the order of Java's `HashMap`.
@Suite(.timeLimit(.minutes(5))) struct VXPLiteralTests {
    private struct Answer: Decodable {
        let call: String
        let status: Int
        let body: String
    }

    @Test func `one SDK object after the other goes through every call`() async throws {
        let founding = try await Province.open()
        let unit = "001.00.13.H52"
        let added = try await founding.hub.command("agency", "add", unit, "--name", "Đội Kiểm định")
        #expect(added.status == 0, "\(added.errors)")
        try await founding.hub.stop()
        let certificates = try TestCertificates()
        let root = try await certificates.authority("root")
        let pair = try await certificates.issue("hub", by: root)
        let province = try await founding.restarted(
            "--set", "tls-certificate-file=\(pair.certificate)", "--set", "tls-key-file=\(pair.key)")
        let package = certificates.directory + "/package.edxml"
        try Data(try Sample.document("77")).write(to: URL(filePath: package))
        let peer = try await Tool.run(
            "python3",
            [
                "-", "\(province.hub.port)", root.certificate, package, Province.systemID(Province.construction),
                province.secret(Province.construction), Province.systemID(Province.justice),
                province.secret(Province.justice),
            ], input: Self.peer)
        #expect(peer.status == 0, "\(peer.output)")
        let answers = try JSONDecoder().decode([Answer].self, from: Data(peer.output.utf8))
        #expect(Set(answers.map(\.call)) == Set(VXPOperation.allCases.map(\.rawValue)))
        for answer in answers {
            #expect(answer.status == 200, "\(answer.call): \(answer.body)")
            guard answer.call != "downloadEdoc" else { continue }
            #expect(try VXPReceivedReply(parsing: Array(answer.body.utf8)).isSuccess, "\(answer.call): \(answer.body)")
        }
        func body(_ call: VXPOperation, last: Bool = false) throws -> [UInt8] {
            let found = answers.filter { $0.call == call.rawValue }
            return Array(try #require(last ? found.last : found.first).body.utf8)
        }
        let content = try Data(contentsOf: URL(filePath: package))
        #expect(try Data(VXPReceivedReply.content(parsing: body(.getEdoc))) == content)
        #expect(try Data(body(.downloadEdoc)) == content)
        #expect(try VXPReceivedReply.count(parsing: body(.countReceiveEdoc)) == 1)
        #expect(try VXPReceivedReply.count(parsing: body(.countReceiveEdoc, last: true)) == 0)
        #expect(try VXPReceivedReply.count(parsing: body(.countReceiveStatus)) == 0)
        let received = try VXPReceivedReply.items(VXPReceivedItem.self, parsing: body(.getReceivedEdocList))
        #expect(received.map(\.from) == [Province.construction])
        let left = try VXPReceivedReply.items(
            VXPReceivedItem.self, parsing: body(.getReceivedEdocList, last: true))
        #expect(left.isEmpty)
        let sent = try VXPReceivedReply.items(VXPSentItem.self, parsing: body(.getSentEdocList))
        #expect(sent.map(\.sendStatus) == ["done"])
        let all = Set([Province.construction, Province.justice, Province.health, unit])
        #expect(
            try Set(VXPReceivedReply.items(VXPAgencyItem.self, parsing: body(.getAgenciesList)).map(\.code)) == all)
        // Of level 1, as the SDK asks, nobody is registered.
        #expect(
            try VXPReceivedReply.items(VXPQD20AgencyItem.self, parsing: body(.getAgenciesListQD20)).isEmpty)
        #expect(
            try Set(VXPReceivedReply.items(VXPUnitItem.self, parsing: body(.getSynchronizeUnit)).map(\.code)) == all)
        #expect(
            try Set(VXPReceivedReply.items(VXPDirectoryItem.self, parsing: body(.getAgencyDirectory)).map(\.code))
                == all)
        let requests = try await province.hub.command("agency", "requests")
        #expect(requests.output.contains("000.05.13.H52") && requests.output.contains("Chi cục mới"))
        #expect(requests.output.contains(unit) && requests.output.contains("Đội Kiểm định"))
        try await province.hub.stop()
    }

    private static let peer = #"""
        import base64, hashlib, hmac, json, socket, ssl, sys, time

        port, root, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
        package = open(path, "rb").read()
        answers = []

        def java_order(keys):
            # HashMap: doubled at three quarters; a bucket keeps the order in which its keys came.
            capacity = 16
            while len(keys) > capacity * 3 // 4:
                capacity *= 2
            def bucket(key):
                code = 0
                for letter in key:
                    code = (code * 31 + ord(letter)) & 0xFFFFFFFF
                return (code ^ code >> 16) & (capacity - 1)
            return sorted(keys, key=bucket)

        def gson(text):
            for letter, escape in [("<", "3c"), (">", "3e"), ("&", "26"), ("=", "3d"), ("'", "27")]:
                text = text.replace(letter, "\\u00" + escape)
            return text

        class SDK:
            def __init__(self, system, secret):
                self.secret = secret.encode()
                stamp = time.strftime("%d%m%YT%H%M%S", time.gmtime(time.time() + 7 * 3600))
                self.map = {"timestamp": stamp + "+0456", "systemid": system}

            def call(self, name, parameters, body=b"", method="POST", kind="application/json", expects=False):
                self.map.update(parameters)
                self.map["Content-Type"] = kind
                keys = java_order(list(self.map))
                signed = gson(json.dumps({"XroadVnpt-" + k: self.map[k] for k in keys}, separators=(",", ":")))
                code = hmac.new(self.secret, signed.encode(), hashlib.sha256).hexdigest()
                lines = ["%s /XrdAdapter/adapter/%s HTTP/1.1" % (method, name)]
                lines += ["XroadVnpt-%s: %s" % (k, self.map[k]) for k in keys]
                lines += ["Content-Type: " + kind, "XroadVnpt-sign-header: " + signed,
                          "XroadVnpt-sign-header-key: " + ";".join(keys), "XroadVnpt-hash-header: " + code,
                          "User-Agent: JAVASDKAgent/1.0.0 XRoad/VPCP", "XroadVnpt-version: 3.0.201608"]
                if method == "POST":
                    lines.append("Content-Length: %d" % len(body))
                lines += ["Host: 127.0.0.1:%d" % port, "Connection: close"]
                if expects:
                    lines.append("Expect: 100-continue")
                context = ssl.create_default_context(cafile=root)
                plain = socket.create_connection(("127.0.0.1", port), 20)
                with context.wrap_socket(plain, server_hostname="127.0.0.1") as wire:
                    wire.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
                    if expects:
                        interim = wire.recv(4096)
                        assert interim.startswith(b"HTTP/1.1 100 "), interim
                    wire.sendall(body)
                    read = b""
                    while chunk := wire.recv(65536):
                        read += chunk
                head, _, rest = read.partition(b"\r\n\r\n")
                if b"chunked" in head.lower():
                    whole = b""
                    while True:
                        size, _, rest = rest.partition(b"\r\n")
                        if int(size, 16) == 0:
                            break
                        whole, rest = whole + rest[:int(size, 16)], rest[int(size, 16) + 2:]
                    rest = whole
                answers.append({"call": name, "status": int(head.split()[1]), "body": rest.decode()})
                return rest

        sender, receiver = SDK(*sys.argv[4:6]), SDK(*sys.argv[6:8])
        digest = "".join("%x" % byte for byte in hashlib.sha256(package).digest())
        sender.call("sendEdoc", {"from": "000.00.13.H52", "servicetype": "eDoc", "messagetype": "edoc",
                                 "to": '["000.00.07.H52"]', "hash-file": digest},
                    package + b"\r\n", kind="application/octet-stream", expects=True)
        lists = {"servicetype": "eDoc", "messagetype": "edoc"}
        day = lambda seconds: time.strftime("%d/%m/%Y %H:%M:%S", time.gmtime(time.time() + 7 * 3600 + seconds))
        dates = {"fromDate": day(-3600), "toDate": day(3600)}
        listed = json.loads(receiver.call("getReceivedEdocList", {**lists, **dates}))
        item = listed["data"][0]["docId"]
        receiver.call("countReceiveEdoc", {}, b"{}")
        receiver.call("getEdoc", {"docId": item, "filePath": "C:\\vanban\\a.edxml"}, b"{}")
        receiver.call("downloadEdoc", {"docId": item}, method="GET")
        receiver.call("updateStatus", {"docId": item, "status": "done"}, b"{}")
        receiver.call("getReceivedEdocList", lists)
        receiver.call("countReceiveEdoc", {}, b"{}")
        receiver.call("countReceiveStatus", {}, b"{}")
        sender.call("getSentEdocList", {**lists, **dates})
        sender.call("getAgenciesList", {})
        sender.call("getAgenciesListQD20", {"level": "1"})
        sender.call("getSynchronizeUnit", {})
        sender.call("getAgencyDirectory", {}, method="GET")
        unit = '{"id":"1","pcode":"000.00.13.H52","code":"000.05.13.H52","name":"Chi cục mới","mail":"a@example.vn"}'
        sender.call("registerAgency", {}, unit.encode())
        sender.call("deleteAgency", {"AgencyCode": "001.00.13.H52"})
        print(json.dumps(answers))
        """#
}
