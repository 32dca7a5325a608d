// SPDX-License-Identifier: Apache-2.0
import Couriers
import Exchange
import Logging
import ServiceLifecycle
import Store
import Surfaces
import UnixSignals

/// Renews the certificate, and those of pushing, on SIGHUP and once a day, and tells of one that nears its end; for as long
/// as the hub serves.
///
/// Once a day for those whose renewal program signals nobody; a broken pair of files is then told every day too.
struct TLSRenewal: Service {
    /// How often the files are looked at without a signal.
    static let interval: Duration = .seconds(24 * 60 * 60)

    /// Nil for a hub without TLS, which takes SIGHUP without ending from it.
    let tls: TLSGuard?
    let courier: PushCourier
    let logger: Logger

    func run() async throws {
        let signals = await UnixSignalsSequence(trapping: .sighup)
        tell()
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { for await _ in signals.cancelOnGracefulShutdown() { await renew() } }
            tasks.addTask {
                while (try? await cancelWhenGracefulShutdown({ try await Task.sleep(for: Self.interval) })) != nil {
                    await renew()
                }
            }
        }
    }

    private func renew() async {
        let thread = DedicatedThread(name: "truc-tls")
        await renewPush(on: thread)
        guard let tls else { return logger.info("TLS: there is no TLS certificate to read again") }
        do {
            switch try await thread.run({ try tls.renew(at: .now()) }) {
            case .unchanged: logger.info("TLS: the certificate is the same")
            case .renewed(let fingerprint):
                logger.notice("TLS: new connections get the new certificate", metadata: ["sha256": "\(fingerprint)"])
            }
        } catch let refusal as Refusal {
            logger.error(
                "TLS: the new files cannot be used, the old certificate stays",
                metadata: ["code": "\(refusal.code.rawValue)", "detail": "\(refusal.detail ?? "")"])
        } catch {
            logger.error("TLS: the files could not be read again", metadata: ["error": "\(error)"])
        }
        tell()
    }

    private func renewPush(on thread: DedicatedThread) async {
        do {
            if try await thread.run({ [courier] in try courier.renew() }) {
                logger.notice("push: new connections use the certificates that were read again")
            } else {
                logger.info("push: the certificates are the same")
            }
        } catch let refusal as Refusal {
            logger.error(
                "push: the new files cannot be used, the earlier ones stay",
                metadata: ["code": "\(refusal.code.rawValue)", "detail": "\(refusal.detail ?? "")"])
        } catch {
            logger.error("push: the files could not be read again", metadata: ["error": "\(error)"])
        }
    }

    private func tell() {
        guard let problem = tls?.problem(at: .now()) else { return }
        logger.log(
            level: problem.isFailure ? .error : .warning, "\(problem)",
            metadata: ["code": "\(Refusal.Code.tlsUnusable.rawValue)"])
    }
}
