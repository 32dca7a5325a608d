// SPDX-License-Identifier: Apache-2.0
import Couriers
import Delivery
import Exchange
import Hub
import ServiceLifecycle
import Store

/// Carrying packages to endpoints, for as long as the hub serves.
struct Pushing: Service {
    let delivering: Delivering

    /// What is on its way when the hub is told to stop comes to its end, within the time that the hub has for that.
    func run() async throws {
        await withGracefulShutdownHandler {
            await delivering.run()
        } onGracefulShutdown: {
            delivering.stop()
        }
    }
}

/// Having files scanned, for as long as the hub serves.
struct Scanning: Service {
    let scanning: MalwareScanning

    /// As `Pushing`: what is under way comes to its end.
    func run() async throws {
        await withGracefulShutdownHandler {
            await scanning.run()
        } onGracefulShutdown: {
            scanning.stop()
        }
    }
}

/// What the settings say of endpoints.
enum PushRules {
    /// - Throws: `Refusal(.settingInvalid)` for a network that is none.
    private static func addresses(_ settings: Settings) throws(Refusal) -> AddressPolicy {
        var networks: [NetworkPrefix] = []
        for text in Settings.addresses(settings.pushNetworks) {
            do { networks.append(try NetworkPrefix(parsing: text)) } catch {
                throw Refusal(.settingInvalid, "push-networks: \(error)")
            }
        }
        return AddressPolicy(allowedNetworks: networks)
    }

    /// - Throws: `Refusal`: `.settingInvalid`, `.tlsUnusable`.
    static func courier(_ settings: Settings) async throws -> PushCourier {
        guard settings.pushCertificateFile.isEmpty == settings.pushKeyFile.isEmpty else {
            throw Refusal(.settingInvalid, "push-certificate-file and push-key-file belong together")
        }
        let configuration = PushConfiguration(
            addresses: try addresses(settings), allowsPlainHTTP: settings.pushPlainHTTP,
            caFile: settings.pushCAFile.isEmpty ? nil : settings.pushCAFile,
            clientCertificate: settings.pushKeyFile.isEmpty
                ? nil
                : PushClientCertificate(
                    certificateFile: settings.pushCertificateFile, keyFile: settings.pushKeyFile))
        let thread = DedicatedThread(name: "truc-push-tls")
        return try await thread.run { try PushCourier(configuration) }
    }

    /// Refuses an address that these settings never let the hub connect to. A name is looked up when it is pushed to.
    ///
    /// - Throws: `Refusal`: `.pushPlainHTTP`, `.pushTargetForbidden`, `.settingInvalid`.
    static func require(_ url: EndpointURL, _ settings: Settings) throws(Refusal) {
        guard url.isTLS || settings.pushPlainHTTP else { throw Refusal(.pushPlainHTTP, url.text) }
        if case .address(let address) = url.host, let objection = try addresses(settings).objection(to: address) {
            throw Refusal(.pushTargetForbidden, "\(url.text): \(objection)")
        }
    }
}
