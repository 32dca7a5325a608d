// SPDX-License-Identifier: Apache-2.0

/// Why a file cannot be read as a PDF far enough to find its signatures. None of it says that a signature is wrong.
public enum PDFProblem: Error, Equatable, Sendable {
    /// The bytes could not be had.
    case unreadable
    /// It does not begin with `%PDF-`: nothing else may stand before, or it would be two files in one.
    case notPDF
    /// Its end does not say where the table of its objects is.
    case noStart
    /// Something in it is not as ISO 32000 has it.
    case malformed(String)
    /// Its tables of objects point at each other in a circle.
    case loop
    /// It goes beyond a bound with this name.
    case tooMuch(String)
    /// A stream that has to be read is packed in a way that is not supported.
    case filterUnknown(String)
    /// Its objects are encrypted, and so where its signatures are.
    case encrypted

    /// Stable, for programs.
    public var code: String {
        switch self {
        case .unreadable: "unreadable"
        case .notPDF: "not-pdf"
        case .noStart: "no-start"
        case .malformed: "malformed"
        case .loop: "loop"
        case .tooMuch: "too-much"
        case .filterUnknown: "filter-unknown"
        case .encrypted: "encrypted"
        }
    }

    public var vietnamese: String {
        switch self {
        case .unreadable: "Không đọc được tệp."
        case .notPDF: "Tệp không bắt đầu bằng %PDF-."
        case .noStart: "Cuối tệp không chỉ ra bảng đối tượng (startxref)."
        case .malformed(let what): "Cấu trúc PDF không đúng chuẩn (\(what))."
        case .loop: "Các bảng đối tượng của PDF trỏ vòng quanh."
        case .tooMuch(let what): "PDF vượt giới hạn \(what)."
        case .filterUnknown(let name): "PDF nén bằng cách không được hỗ trợ (\(name))."
        case .encrypted: "PDF được mã hóa nên không xác định được chữ ký."
        }
    }

    public var english: String {
        switch self {
        case .unreadable: "The file cannot be read."
        case .notPDF: "The file does not begin with %PDF-."
        case .noStart: "The end of the file does not say where its objects are (startxref)."
        case .malformed(let what): "The PDF is not built as it should be (\(what))."
        case .loop: "The PDF's tables of objects point at each other in a circle."
        case .tooMuch(let what): "The PDF goes beyond the bound \(what)."
        case .filterUnknown(let name): "The PDF is packed in a way that is not supported (\(name))."
        case .encrypted: "The PDF is encrypted, and so where its signatures are."
        }
    }
}
