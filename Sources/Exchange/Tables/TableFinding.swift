// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a table about agencies, and where. Any of them refuses the whole file.
public struct TableFinding: Hashable, Sendable {
    /// Most findings that are told; a file has as many lines as it likes.
    public static let maxShown = 100
    static let maxDetail = 100

    /// What was met. The raw value is stable.
    public enum Kind: String, CaseIterable, Sendable, Codable {
        case tooLarge = "file-too-large"
        case notText = "not-utf8"
        case tooManyLines = "too-many-lines"
        case noLines = "no-lines"
        case heading = "wrong-heading"
        case fields = "wrong-fields"
        case quotes = "wrong-quotes"
        case badText = "bad-text"
        case badID = "bad-identifier"
        case badName = "bad-name"
        case badInstant = "bad-instant"
        case badWord = "bad-word"
        case repeated = "repeated"
        case itself = "itself"
        case unknownAgency = "unknown-agency"
        case unknownSystem = "unknown-system"
        case taken = "identifier-taken"
        case fixed = "not-changed-by-import"
        case cycle = "parent-cycle"
        case closedParent = "parent-closed"
        case successorUnfit = "successor-unfit"
        case successorTwice = "successor-repeated"
        case successorCycle = "successor-cycle"
        case isHub = "hub-entry"

        public var vietnamese: String { words.vietnamese }
        public var english: String { words.english }

        /// What it is, and what to do about it.
        private var words: (vietnamese: String, english: String) {
            switch self {
            case .tooLarge: ("tệp quá lớn: chia thành nhiều tệp", "the file is too large: divide it")
            case .notText: ("không phải văn bản UTF-8: lưu lại dạng CSV UTF-8", "not UTF-8 text: save it as CSV UTF-8")
            case .tooManyLines: ("quá nhiều dòng: chia thành nhiều tệp", "too many lines: divide the file")
            case .noLines: ("không có dòng nào", "no line in it")
            case .heading:
                (
                    "dòng đầu phải là tiêu đề đúng như truc agency export in ra",
                    "the first line must be the heading that truc agency export prints"
                )
            case .fields:
                (
                    "sai số cột: đủ các cột theo tiêu đề, cột trống vẫn giữ dấu phẩy",
                    "wrong number of fields: keep the comma of an empty one"
                )
            case .quotes:
                (
                    "sai dấu nháy kép: bao cả ô, dấu nháy bên trong viết hai lần",
                    "wrong quotes: around the whole field, doubled inside"
                )
            case .badText: ("có ký tự điều khiển hoặc quá dài: bỏ đi", "control characters, or too long: take them out")
            case .badID:
                ("mã không hợp lệ: 1–35 ký tự A–Z a–z 0–9 . - _", "not an identifier: 1 to 35 of A–Z a–z 0–9 . - _")
            case .badName: ("tên trống hoặc dài quá 200 ký tự", "the name is empty or longer than 200 characters")
            case .badInstant:
                (
                    "thời điểm phải là yyyy-MM-dd hoặc ISO 8601 có múi giờ, và sau thời điểm trước nó",
                    "an instant is yyyy-MM-dd or ISO 8601 with an offset, and after the one before it"
                )
            case .badWord:
                (
                    "cột takes chỉ nhận pending, default; đúng một dòng pending và nhiều nhất một default cho mỗi mã cũ",
                    "takes is pending, default; exactly one pending and at most one default for an old identifier"
                )
            case .repeated: ("mã đã có ở dòng trước: giữ một dòng", "on a line before: keep one")
            case .itself: ("mã kế thừa hoặc cấp trên chính nó", "its own successor or parent")
            case .unknownAgency:
                (
                    "không có đơn vị này: đăng ký trước, hoặc thêm dòng cho nó",
                    "no such agency: register it, or add a line for it"
                )
            case .unknownSystem:
                ("không có hệ thống này: truc system add trước", "no such system: truc system add first")
            case .taken: ("mã đã thuộc đơn vị khác: xem truc agency show", "another agency's: see truc agency show")
            case .fixed:
                (
                    "import không đổi được: đóng, sáp nhập, chia tách bằng truc agency close|merge|split",
                    "not changed by an import: truc agency close|merge|split closes"
                )
            case .cycle:
                ("cấp trên đi thành vòng: sửa cột parent", "the parents go in a circle: mend the column parent")
            case .closedParent:
                (
                    "cấp trên đã đóng hoặc đóng trước đơn vị này: chọn đơn vị khác, hoặc ghi until không sau ngày đó",
                    "the parent is closed, or closes before this one: choose another, or let until be no later"
                )
            case .successorUnfit:
                (
                    "đơn vị kế thừa phải đang mở vào lúc mã này đóng và có hệ thống kết nối",
                    "a successor is open when this one ends, and a system connects for it"
                )
            case .successorTwice:
                ("một đơn vị kế thừa được nêu hai lần: giữ một", "one successor is named twice: keep one")
            case .successorCycle:
                (
                    "kế thừa đi thành vòng: sửa cột successors hoặc until",
                    "the successors go in a circle: mend the column successors or until"
                )
            case .isHub: ("mã của chính trục", "the hub's own entry")
            }
        }
    }

    public let kind: Kind
    /// Counted from 1; nil when it is about the whole.
    public let line: Int?
    /// The word that was met, bounded; empty when the kind says it all.
    public let detail: String

    public init(_ kind: Kind, line: Int? = nil, _ detail: String = "") {
        self.kind = kind
        self.line = line
        self.detail = Refusal.oneLine(detail, maxLength: Self.maxDetail)
    }
}
