// SPDX-License-Identifier: Apache-2.0
import Exchange

/// Why a chain of certificates does not make its first one trusted.
public enum ChainFlaw: Sendable, Equatable {
    case issuerUnknown(issuer: String)
    /// It ends in a root that nobody here has declared trusted.
    case rootNotTrusted(root: String)
    case chainTooLong
    /// The certificate is not signed by the key of the one that has its issuer's name.
    case signatureWrong(subject: String)
    case notYetValid(subject: String, from: Instant)
    case expired(subject: String, at: Instant)
    case notAnAuthority(subject: String)
    case pathLengthExceeded
    case nameNotPermitted(subject: String)
    case usageNotPermitted(subject: String, CertificatePurpose)
    case keyTooWeak(subject: String, key: String)
    case digestTooWeak(subject: String, digest: String)
    case revoked(subject: String, at: Instant, reason: String)
    case criticalExtensionUnknown(subject: String)
    /// Said by libcrypto in its own words.
    case other(subject: String, what: String)

    /// Stable, for programs.
    public var code: String {
        switch self {
        case .issuerUnknown: "issuer-unknown"
        case .rootNotTrusted: "root-not-trusted"
        case .chainTooLong: "chain-too-long"
        case .signatureWrong: "signature-wrong"
        case .notYetValid: "not-yet-valid"
        case .expired: "expired"
        case .notAnAuthority: "not-an-authority"
        case .pathLengthExceeded: "path-length-exceeded"
        case .nameNotPermitted: "name-not-permitted"
        case .usageNotPermitted: "usage-not-permitted"
        case .keyTooWeak: "key-too-weak"
        case .digestTooWeak: "digest-too-weak"
        case .revoked: "revoked"
        case .criticalExtensionUnknown: "critical-extension-unknown"
        case .other: "other"
        }
    }

    public var vietnamese: String {
        switch self {
        case .issuerUnknown(let issuer): "Không có chứng thư của bên cấp «\(issuer)»."
        case .rootNotTrusted(let root): "Chuỗi kết thúc ở «\(root)», chưa được khai báo là gốc tin cậy."
        case .chainTooLong: "Chuỗi dài quá \(TrustStore.maxDepth) chứng thư."
        case .signatureWrong(let subject): "Chữ ký của bên cấp trên chứng thư «\(subject)» không đúng."
        case .notYetValid(let subject, let from): "Chứng thư «\(subject)» đến \(from.iso8601) mới có hiệu lực."
        case .expired(let subject, let at): "Chứng thư «\(subject)» đã hết hạn lúc \(at.iso8601)."
        case .notAnAuthority(let subject): "«\(subject)» không được quyền cấp chứng thư."
        case .pathLengthExceeded: "Chuỗi có nhiều bên cấp trung gian hơn mức một bên cấp cho phép."
        case .nameNotPermitted(let subject): "Tên trong chứng thư «\(subject)» nằm ngoài phạm vi bên cấp được cấp."
        case .usageNotPermitted(let subject, let purpose):
            "Chứng thư «\(subject)» không được dùng để \(purpose.vietnamese)."
        case .keyTooWeak(let subject, let key): "Khóa của «\(subject)» quá yếu (\(key))."
        case .digestTooWeak(let subject, let digest):
            "Chứng thư «\(subject)» được ký bằng hàm băm lỗi thời (\(digest))."
        case .revoked(let subject, let at, let reason):
            "Chứng thư «\(subject)» đã bị thu hồi lúc \(at.iso8601) (\(reason))."
        case .criticalExtensionUnknown(let subject): "Chứng thư «\(subject)» có phần mở rộng bắt buộc không hiểu được."
        case .other(let subject, let what): "Chứng thư «\(subject)» không dùng được: \(what)."
        }
    }

    public var english: String {
        switch self {
        case .issuerUnknown(let issuer): "There is no certificate of the issuer \"\(issuer)\"."
        case .rootNotTrusted(let root): "The chain ends at \"\(root)\", which is not declared a trusted root."
        case .chainTooLong: "The chain is longer than \(TrustStore.maxDepth) certificates."
        case .signatureWrong(let subject): "The issuer's signature on the certificate of \"\(subject)\" is wrong."
        case .notYetValid(let subject, let from):
            "The certificate of \"\(subject)\" is valid from \(from.iso8601) only."
        case .expired(let subject, let at): "The certificate of \"\(subject)\" expired at \(at.iso8601)."
        case .notAnAuthority(let subject): "\"\(subject)\" may not issue certificates."
        case .pathLengthExceeded: "The chain has more authorities between than one of them permits."
        case .nameNotPermitted(let subject):
            "The issuer may not issue for the names in the certificate of \"\(subject)\"."
        case .usageNotPermitted(let subject, let purpose):
            "The certificate of \"\(subject)\" may not be used to \(purpose.english)."
        case .keyTooWeak(let subject, let key): "The key of \"\(subject)\" is too weak (\(key))."
        case .digestTooWeak(let subject, let digest):
            "The certificate of \"\(subject)\" is signed with an obsolete digest (\(digest))."
        case .revoked(let subject, let at, let reason):
            "The certificate of \"\(subject)\" was revoked at \(at.iso8601) (\(reason))."
        case .criticalExtensionUnknown(let subject):
            "The certificate of \"\(subject)\" has a critical extension that is not understood."
        case .other(let subject, let what): "The certificate of \"\(subject)\" cannot be used: \(what)."
        }
    }
}

/// What a certificate is asked to be good for.
public enum CertificatePurpose: Sendable, Equatable {
    /// To sign documents: where it names usages at all, digital signature or non-repudiation is among them.
    case signing
    /// To issue time-stamps (RFC 3161 §2.3): for that, critically, and for nothing else.
    case timeStamping

    var vietnamese: String {
        switch self {
        case .signing: "ký văn bản"
        case .timeStamping: "cấp dấu thời gian"
        }
    }

    var english: String {
        switch self {
        case .signing: "sign documents"
        case .timeStamping: "issue time-stamps"
        }
    }
}

/// Why nobody can say whether a certificate was revoked.
public enum RevocationGap: Sendable, Equatable {
    case noList(issuer: String)
    /// The latest list of the issuer knows nothing of the instant that was asked about.
    case listExpired(issuer: String, at: Instant)
    /// The list is of a time when an issuer no longer names those that have expired.
    case listTooLate(subject: String)
    /// There are lists in the issuer's name, and none that can be used.
    case listUnusable(issuer: String)
    /// Revoked after the time at which the signer claims to have signed, and before it was seen here: only a time-stamp
    /// could tell whether that was before or after.
    case revokedSince(subject: String, at: Instant)

    public var code: String {
        switch self {
        case .noList: "no-list"
        case .listExpired: "list-expired"
        case .listTooLate: "list-too-late"
        case .listUnusable: "list-unusable"
        case .revokedSince: "revoked-since"
        }
    }

    public var vietnamese: String {
        switch self {
        case .noList(let issuer): "Chưa có danh sách thu hồi (CRL) của «\(issuer)»."
        case .listExpired(let issuer, let at): "Danh sách thu hồi của «\(issuer)» chỉ biết đến \(at.iso8601)."
        case .listTooLate(let subject):
            "Danh sách thu hồi được lập sau khi «\(subject)» hết hạn nên có thể không còn nêu chứng thư đó."
        case .listUnusable(let issuer):
            "Danh sách thu hồi mang tên «\(issuer)» không dùng được: chữ ký sai, hoặc chỉ về một phần chứng thư khác."
        case .revokedSince(let subject, let at):
            "Chứng thư «\(subject)» bị thu hồi lúc \(at.iso8601), sau giờ ký mà người ký tự ghi; không có dấu thời gian "
                + "để biết đã ký trước hay sau."
        }
    }

    public var english: String {
        switch self {
        case .noList(let issuer): "There is no list of revoked certificates (CRL) of \"\(issuer)\"."
        case .listExpired(let issuer, let at): "The revocation list of \"\(issuer)\" knows until \(at.iso8601) only."
        case .listTooLate(let subject):
            "The revocation list was made after \"\(subject)\" expired, and may name it no more."
        case .listUnusable(let issuer):
            "The revocation list in the name of \"\(issuer)\" cannot be used: its signature is wrong, or it is about "
                + "other certificates only."
        case .revokedSince(let subject, let at):
            "The certificate of \"\(subject)\" was revoked at \(at.iso8601), after the time that the signer claims; there "
                + "is no time-stamp to tell whether it was signed before."
        }
    }
}
