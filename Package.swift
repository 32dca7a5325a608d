// swift-tools-version: 6.2
// One target is one room of the house (docs/architecture.md). Tests/ArchitectureTests holds every source to the
// imports its room may have, because SwiftPM itself does not.
import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
]

let log: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "CoreMetrics", package: "swift-metrics")

func room(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let package = Package(
    name: "truc",
    products: [.executable(name: "truc", targets: ["truc"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
        .systemLibrary(name: "CTimex"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CPostgreSQL", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

        room("Exchange", [], resources: [.embedInCode("Policy/Profiles")]),
        room("Prometheus", ["Exchange", metrics]),
        room("Trust", ["Exchange", "COpenSSL"]),
        room("EdXML", ["Exchange", "Trust", "CLibXML2", "CZlib"], resources: [.embedInCode("Schema/edxml.xsd")]),
        room("PDFSignatures", ["Exchange", "Trust", "CZlib"]),
        room("VXPProtocol", ["Exchange", "Trust"]),
        room("AuditLog", ["Exchange", "Trust"]),
        room("Delivery", ["Exchange"]),
        room(
            "Store", ["Exchange", "Trust", "AuditLog", "Delivery", "CPostgreSQL", log, metrics],
            resources: [.embedInCode("Migrations")]),
        room("Hub", ["Exchange", "Trust", "EdXML", "Delivery", "Store", "CTimex", log, metrics]),
        room(
            "Surfaces",
            [
                "Exchange", "Trust", "Delivery", "Prometheus", "VXPProtocol", "Hub", log, metrics,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        room(
            "Couriers",
            [
                "Exchange", "Trust", "Delivery", "Hub",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ]),
        .executableTarget(
            name: "truc",
            dependencies: [
                "Exchange", "Prometheus", "Trust", "EdXML", "PDFSignatures", "VXPProtocol", "Delivery", "Store", "Hub",
                "Couriers", "Surfaces", log, metrics,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Demo/demo.edxml")], swiftSettings: strict),
        room("TestKit", ["Exchange", "Trust", "EdXML", "VXPProtocol", "Delivery", "Store", "Hub", log]),

        // Kills hubs (docs/crash.md); a program of its own, so that the hub carries nothing of it.
        .executableTarget(
            name: "CrashHarness",
            dependencies: [
                "Exchange", "Trust", "EdXML", "VXPProtocol", "Delivery", "TestKit",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),

        tests("Exchange", ["Exchange", "TestKit"]),
        tests("Prometheus", ["Prometheus", "Exchange", metrics]),
        tests("Trust", ["Trust", "Exchange", "TestKit"]),
        tests("EdXML", ["EdXML", "Exchange", "Trust", "CLibXML2", "CZlib", "TestKit"]),
        tests("PDFSignatures", ["PDFSignatures", "Exchange", "Trust", "CZlib", "TestKit"]),
        tests("VXPProtocol", ["VXPProtocol", "Exchange", "Trust", "TestKit"]),
        tests("AuditLog", ["AuditLog", "Exchange", "Trust", "COpenSSL", "TestKit"]),
        tests("Delivery", ["Delivery", "Exchange", "TestKit"]),
        tests("Store", ["Store", "AuditLog", "Exchange", "Trust", "Delivery", "TestKit", log]),
        tests("Hub", ["Hub", "Store", "EdXML", "Exchange", "Trust", "TestKit", log]),
        tests("Couriers", ["Couriers", "Delivery", "Exchange", "Hub", "Trust", "TestKit"]),
        tests(
            "Surfaces",
            [
                "Surfaces", "Delivery", "Exchange", "Trust", "VXPProtocol", "TestKit", log,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        tests(
            "truc",
            [
                "truc", "Delivery", "EdXML", "Exchange", "Hub", "PDFSignatures", "Store", "Trust", "VXPProtocol",
                "TestKit", log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        // The properties that the fuzzers of Fuzz/ hold the readers to, and what they once found.
        tests("Fuzz", ["EdXML", "VXPProtocol", "Exchange", "Trust"]),
        tests("CrashHarness", ["CrashHarness", "Exchange", "Trust", "TestKit"]),
        tests("Architecture", []),
    ]
)
