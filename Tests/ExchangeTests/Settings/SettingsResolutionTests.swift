// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Exchange

@Suite struct SettingsResolutionTests {
    private func file(_ text: String) -> SettingsFile { SettingsFile(parsing: Array(text.utf8)) }

    @Test func `file before environment before flags, and each is told`() {
        let resolution = SettingsResolution(
            file: file("http-idle-seconds = 10\nhub-name=Tệp\nlog-level = debug\n"),
            environment: [
                "TRUC_HTTP_IDLE_SECONDS": "20", "TRUC_LOG_LEVEL": "error", "TRUC_HUB_ID": "", "PATH": "/bin",
                "TRUC_DATABASE_URL": "x",
            ],
            flags: [("http-idle-seconds", "30"), ("http-idle-seconds", "31")])
        #expect(resolution.problems == [])
        #expect(resolution.settings.httpIdleSeconds == 31)
        #expect(resolution.settings.logLevel == .error)
        #expect(resolution.settings.hubName == "Tệp")
        #expect(resolution.settings.hubID == Settings().hubID)
        let names = ["http-idle-seconds", "log-level", "hub-name", "hub-id"]
        #expect(names.map { resolution.origin(of: $0) } == [.flag, .environment, .file, .default])
    }

    @Test func `an unknown name is told wherever it stands, with the nearest`() {
        let resolution = SettingsResolution(
            file: file("http-idel-seconds = 10"), environment: ["TRUC_LISTN": "x", "TRUC_QUITE_ANOTHER_THING": "1"],
            flags: [("Listen", "x")])
        #expect(resolution.problems.map(\.kind) == [.unknown, .unknown, .unknown, .unknown])
        #expect(
            resolution.problems.map(\.description) == [
                "line 1: there is no http-idel-seconds; did you mean http-idle-seconds?",
                "environment: there is no TRUC_LISTN; did you mean TRUC_LISTEN?",
                "environment: there is no TRUC_QUITE_ANOTHER_THING",
                "--Listen: there is no Listen; did you mean listen?",
            ])
        #expect(resolution.problems[0].refusal.code == .settingUnknown)
    }

    @Test func `a value out of range names the range and changes nothing`() {
        let resolution = SettingsResolution(
            file: file("database-connections = 1"), environment: ["TRUC_LISTEN": "8080"], flags: [])
        #expect(
            resolution.problems.map(\.description) == [
                "line 1: database-connections: not a number of connections from 2 to 200",
                "TRUC_LISTEN: listen: has no ':' and port; expected host:port, [IPv6]:port",
            ])
        #expect(resolution.settings == Settings())
        #expect(resolution.problems[0].refusal.code == .settingInvalid)
    }

    @Test func `a file has comments, blank lines and values with anything in them`() {
        let read = file("# listen = 1\r\n\n \t \n\thub-name \t=  a = \"b\" # c \n")
        #expect(read.problems == [])
        #expect(read.lines == [.init(number: 4, name: "hub-name", value: "a = \"b\" # c")])
    }

    @Test func `a byte order mark before the first line is passed over, and nowhere else`() {
        let mark = "\u{FEFF}"
        #expect(file(mark + "hub-name = a\n").lines == [.init(number: 1, name: "hub-name", value: "a")])
        let resolution = SettingsResolution(file: file("hub-name = a\n\(mark)listen = 1"), environment: [:], flags: [])
        #expect(resolution.problems.map(\.kind) == [.unknown])
    }

    @Test func `addresses and networks that nobody could have are told when they are read`() {
        func problems(_ name: String, _ value: String) -> [String] {
            SettingsResolution(file: nil, environment: [:], flags: [(name, value)]).problems.map(\.description)
        }
        for value in ["", "10.0.0.1", "10.0.0.1, ::1", "0:0:0:0:0:0:0:1", "::ffff:10.0.0.1"] {
            #expect(problems("http-proxies", value) == [] && problems("metrics-readers", value) == [], "\(value)")
        }
        for value in ["10.0.0.0/8", "proxy.example", "[::1]", "10.0.0.1:80", "0.0.0.0", "::", "10.0.0.1;10.0.0.2"] {
            #expect(problems("http-proxies", value).count == 1, "\(value)")
            #expect(problems("metrics-readers", value).first?.contains("expected addresses") == true, "\(value)")
        }
        #expect(problems("push-networks", "10.0.0.0/8,fc00::/7") == [])
        for value in ["10.0.0.1/8", "10.x", "10.0.0.0/8;172.16.0.0/12"] {
            #expect(problems("push-networks", value).count == 1, "\(value)")
        }
        // However it is written, it is the one form in which peers are compared.
        #expect(Settings.peers("0:0:0:0:0:0:0:1,::FFFF:10.0.0.1") == ["::1", "10.0.0.1"])
    }

    @Test func `a line without an equals sign, a name given twice, and what is no text`() {
        let read = file("listen\nhub-id = a\nhub-id = b\n = c")
        #expect(
            read.problems.map(\.description) == ["line 1: no '=' in it", "line 3: hub-id stands in line 2 already"])
        #expect(SettingsFile(parsing: [0xFF]).problems.map(\.description) == ["not UTF-8"])
        let spaces = [UInt8](repeating: 0x20, count: SettingsFile.maxBytes)
        #expect(SettingsFile(parsing: spaces).problems == [])
        #expect(SettingsFile(parsing: spaces + [0x20]).problems.count == 1)
        #expect(SettingsResolution(file: read, environment: [:], flags: []).problems.count == 3)
    }

    @Test(arguments: [("", "abc", 3), ("abc", "", 3), ("kitten", "sitting", 3), ("abc", "abc", 0), ("ab", "ba", 2)])
    func `distance counts what is added, left out or changed`(left: String, right: String, distance: Int) {
        #expect(Spelling.distance(left, right) == distance)
    }

    @Test func `what is far from everything, or too long to compare, gets no suggestion`() {
        #expect(Spelling.nearest(to: "xyzzy", in: ["listen"]) == nil)
        #expect(Spelling.nearest(to: String(repeating: "a", count: 65), in: ["listen"]) == nil)
        #expect(Spelling.nearest(to: "lisen", in: ["hub-id", "listen"]) == "listen")
    }
}
