// SPDX-License-Identifier: Apache-2.0
import Exchange
import Store
import Trust

/// Files from which the trust store is filled.
enum TrustFile {
    /// Most files of one command.
    static let maxFiles = 64

    /// The certificates and lists of a file in PEM, or the one of a file in DER.
    ///
    /// - Throws: `Refusal(.trustFileInvalid)`, `.fileUnreadable`.
    static func items(in path: String, asRoots: Bool) throws(Refusal) -> [TrustItem] {
        let bytes = try Input.bytes(of: path, max: PEMBlocks.maxBytes)
        do throws(ParsingProblem) {
            guard PEMBlocks.looksLikePEM(bytes) else {
                if let certificate = try? Certificate(der: bytes) { return [item(certificate, asRoots)] }
                return [.list(try RevocationList(der: bytes))]
            }
            var items: [TrustItem] = []
            for block in try PEMBlocks(bytes).blocks {
                switch block.label {
                case "CERTIFICATE", "X509 CERTIFICATE": items.append(item(try Certificate(der: block.der), asRoots))
                case "X509 CRL": items.append(.list(try RevocationList(der: block.der)))
                default: throw ParsingProblem("PEM", "has a block that is no certificate and no CRL")
                }
            }
            return items
        } catch {
            throw Refusal(.trustFileInvalid, "\(path): \(error.description)")
        }
    }

    private static func item(_ certificate: Certificate, _ isRoot: Bool) -> TrustItem {
        isRoot ? .root(certificate) : .intermediate(certificate)
    }

    /// Whether the store, with these added, makes sense: a root signs itself, an authority stands below what is there, a
    /// list is signed by one. A typing mistake must not become trust, nor a list that nobody will ever ask.
    ///
    /// - Throws: `Refusal(.trustItemUnfit)`, which names the first that does not fit.
    static func check(_ items: [TrustItem], against store: TrustStore) throws(Refusal) {
        var authorities = store.roots + store.intermediates
        for item in items {
            switch item {
            case .root(let certificate):
                guard certificate.facts.isAuthority, certificate.isIssued(by: certificate) else {
                    throw unfit(item, "is no root: it does not sign itself, or is no authority")
                }
                authorities.append(certificate)
            case .intermediate(let certificate):
                guard certificate.facts.isAuthority else { throw unfit(item, "is no authority's") }
                authorities.append(certificate)
            case .list: break
            }
        }
        for item in items {
            switch item {
            case .root: continue
            case .intermediate(let certificate):
                guard !certificate.isIssued(by: certificate) else {
                    throw unfit(item, "signs itself: a root? (--root)")
                }
                guard authorities.contains(where: { certificate.isIssued(by: $0) }) else {
                    throw unfit(item, "is of an issuer that is not there: \(certificate.issuer.text)")
                }
            case .list(let list):
                guard authorities.contains(where: { list.isIssued(by: $0) }) else {
                    throw unfit(item, "is signed by nobody who is there")
                }
            }
        }
    }

    private static func unfit(_ item: TrustItem, _ why: String) -> Refusal {
        Refusal(.trustItemUnfit, "\(item.kind.rawValue) \(item.name) \(why)")
    }
}

/// Something in the trust store that an operator should look at.
struct TrustFinding: Encodable, Equatable {
    /// How long before its end a certificate is named.
    static let notice: Duration = .seconds(60 * 86_400)

    let code: String
    let name: String
    let at: Instant?
    /// Whether verdicts suffer now.
    let isPressing: Bool
    let vietnamese: String

    static func all(of store: TrustStore, at now: Instant) -> [TrustFinding] {
        var found: [TrustFinding] = []
        for certificate in store.roots + store.intermediates {
            let (name, until) = (TrustText.safe(certificate.subject.text), certificate.facts.notAfter)
            if until < now {
                found.append(
                    TrustFinding(
                        code: "expired", name: name, at: until, isPressing: true,
                        vietnamese: "Chứng thư «\(name)» đã hết hạn lúc \(until.iso8601)."))
                continue
            }
            if until < now.advanced(by: notice) {
                found.append(
                    TrustFinding(
                        code: "expires-soon", name: name, at: until, isPressing: false,
                        vietnamese: "Chứng thư «\(name)» sẽ hết hạn lúc \(until.iso8601)."))
            }
            let lists = store.lists.filter { $0.isIssued(by: certificate) }
            guard let latest = lists.map(\.knowsUntil).max() else {
                found.append(
                    TrustFinding(
                        code: "no-list", name: name, at: nil, isPressing: true,
                        vietnamese: "Chưa có CRL của «\(name)»: chữ ký dưới bên cấp này sẽ là «chưa xác định»."))
                continue
            }
            if latest < now {
                found.append(
                    TrustFinding(
                        code: "list-stale", name: name, at: latest, isPressing: true,
                        vietnamese: "CRL mới nhất của «\(name)» chỉ biết đến \(latest.iso8601)."))
            }
        }
        return found
    }
}
