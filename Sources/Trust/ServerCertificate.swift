// SPDX-License-Identifier: Apache-2.0
import COpenSSL

/// What a server's certificate says about whose it is.
public enum ServerCertificate {
    /// Whether a certificate in DER is one for the host `name`: by its alternative names of type DNS alone (RFC 9525
    /// §6.3), a wildcard only as the whole of the first label.
    ///
    /// Says nothing of its time or of who issued it. What is no certificate is for nobody.
    public static func isFor(_ name: String, der: [UInt8]) -> Bool {
        guard !name.isEmpty else { return false }
        let certificate = der.withUnsafeBufferPointer { bytes in
            var next = bytes.baseAddress
            return d2i_X509(nil, &next, bytes.count)
        }
        guard let certificate else { return false }
        defer { X509_free(certificate) }
        let flags = UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS)
        return X509_check_host(certificate, name, name.utf8.count, flags, nil) == 1
    }
}
