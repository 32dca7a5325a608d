// swift-tools-version: 6.2
// The fuzzers: the rooms that read hostile input, compiled once more with libFuzzer's coverage and AddressSanitizer.
//
// A package of its own, so that neither the product's manifest nor its builds carry these flags. Its rooms are links
// to the product's sources and not a dependency on its package: only those four are compiled, without the libraries
// of the others, and the flags reach nothing else.
import PackageDescription

let fuzzed: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
    // The properties look at what is internal to the rooms.
    .unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"]),
]

func room(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource]? = nil) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: fuzzed)
}

let package = Package(
    name: "truc-fuzz",
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto"),
        .systemLibrary(name: "CLibXML2", pkgConfig: "libxml-2.0"),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
        room("Exchange", [], resources: [.embedInCode("Policy/Profiles")]),
        room("Trust", ["Exchange", "COpenSSL"]),
        room("EdXML", ["Exchange", "Trust", "CLibXML2", "CZlib"], resources: [.embedInCode("Schema/edxml.xsd")]),
        room("VXPProtocol", ["Exchange", "Trust"]),
        room("FuzzProperties", ["Exchange", "Trust", "EdXML", "VXPProtocol"]),
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzProperties"], path: "Sources/Driver", swiftSettings: fuzzed,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]),
    ]
)
