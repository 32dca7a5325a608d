// SPDX-License-Identifier: Apache-2.0

/// What each room of the house may import: the table of docs/architecture.md, in a form that a test can hold.
struct Room {
    let name: String
    /// Rooms and C modules of this package.
    let rooms: Set<String>
    /// Modules of other packages and of the toolchain; nil is any.
    let libraries: Set<String>?

    static let pure: Set<String> = ["Foundation"]
    static let ambient: Set<String> = ["Foundation", "Logging", "CoreMetrics", "Synchronization", "Dispatch", "Glibc"]
    static let collections: Set<String> = ["Collections", "DequeModule", "HeapModule", "OrderedCollections"]
    static let http: Set<String> = [
        "Hummingbird", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP1",
        "NIOPosix", "NIOSSL", "NIOTLS", "ServiceLifecycle",
    ]

    static let wire: Set<String> = ["NIOCore", "NIOHTTP1", "NIOPosix", "NIOSSL", "NIOTLS"]

    static let all: [Room] = [
        Room(name: "Exchange", rooms: [], libraries: pure),
        Room(name: "Prometheus", rooms: ["Exchange"], libraries: ["CoreMetrics", "Synchronization"]),
        Room(name: "Trust", rooms: ["Exchange", "COpenSSL"], libraries: ambient),
        Room(name: "EdXML", rooms: ["Exchange", "Trust", "CLibXML2", "CZlib"], libraries: ambient),
        Room(name: "PDFSignatures", rooms: ["Exchange", "Trust", "CZlib"], libraries: ambient),
        Room(name: "VXPProtocol", rooms: ["Exchange", "Trust"], libraries: ambient),
        Room(name: "AuditLog", rooms: ["Exchange", "Trust"], libraries: pure),
        Room(name: "Delivery", rooms: ["Exchange"], libraries: pure),
        Room(
            name: "Store", rooms: ["Exchange", "Trust", "AuditLog", "Delivery", "CPostgreSQL"],
            libraries: ambient.union(collections)),
        Room(
            name: "Hub", rooms: ["Exchange", "Trust", "EdXML", "Delivery", "Store", "CTimex"],
            libraries: ambient.union(collections)),
        Room(
            name: "Surfaces", rooms: ["Exchange", "Prometheus", "Trust", "Delivery", "VXPProtocol", "Hub"],
            libraries: ambient.union(collections).union(http)),
        Room(
            name: "Couriers", rooms: ["Exchange", "Trust", "Delivery", "VXPProtocol", "Hub"],
            libraries: ambient.union(wire)),
        Room(
            name: "truc",
            rooms: [
                "Exchange", "Prometheus", "Trust", "EdXML", "PDFSignatures", "VXPProtocol", "Delivery", "Store", "Hub",
                "Surfaces", "Couriers",
            ],
            libraries: nil),
        // Made for tests: only tests import it, and it stays below the surfaces.
        Room(
            name: "TestKit", rooms: ["Exchange", "Trust", "EdXML", "VXPProtocol", "Delivery", "Store", "Hub"],
            libraries: nil),
        // A program for tests, and no part of the hub.
        Room(
            name: "CrashHarness", rooms: ["Exchange", "Trust", "EdXML", "VXPProtocol", "Delivery", "TestKit"],
            libraries: nil),
    ]

    /// Folders of `Sources` that hold a module map and the header behind it.
    static let cModules: Set<String> = ["COpenSSL", "CLibXML2", "CPostgreSQL", "CTimex", "CZlib"]

    /// A room has a test folder of its own, except the one that is made for tests.
    static let tested: [String] = all.map(\.name).filter { $0 != "TestKit" }

    /// The imports of `source`, a file of this room, that the table does not allow.
    func violations(in source: SwiftSource) -> [Violation] {
        let own = Set(Room.all.map(\.name)).union(Room.cModules)
        return source.imports.compactMap { line, module in
            let allowed = own.contains(module) ? rooms.contains(module) : libraries?.contains(module) ?? true
            return allowed ? nil : Violation(path: source.path, line: line, what: "\(name) may not import \(module)")
        }
    }
}
