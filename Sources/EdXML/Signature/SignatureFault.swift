// SPDX-License-Identifier: Apache-2.0

/// Why a signature, or the document that it is about, is not taken; becomes a `Finding`.
struct SignatureFault: Error, Equatable {
    let code: Finding.Code
    let line: Int
    let detail: String

    init(_ code: Finding.Code, line: Int, _ detail: String) {
        self.code = code
        self.line = line
        self.detail = detail
    }

    var finding: Finding { Finding(code, line: line, element: "Signature", detail: detail) }
}
