// SPDX-License-Identifier: Apache-2.0

/// Refusals about systems and agencies.
extension Refusal.Entry {
    static let systemExists = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Mã hệ thống đã tồn tại.",
        english: "The system id exists already.",
        remedyVietnamese: "Chọn mã khác, hoặc xem truc system show.",
        remedyEnglish: "Choose another id, or see truc system show.")

    static let systemNotFound = Refusal.Entry(
        class: .caller, http: 404, vxp: "10",
        vietnamese: "Không có hệ thống này.",
        english: "There is no such system.",
        remedyVietnamese: "Xem truc system list.",
        remedyEnglish: "See truc system list.")

    static let agencyTaken = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Mã hoặc bí danh đã thuộc về một đơn vị.",
        english: "The identifier or alias belongs to an agency already.",
        remedyVietnamese: "Xem truc agency show với mã đó.",
        remedyEnglish: "See truc agency show with that identifier.")

    static let agencyNotFound = Refusal.Entry(
        class: .caller, http: 404, vxp: "18",
        vietnamese: "Không có đơn vị này.",
        english: "There is no such agency.",
        remedyVietnamese: "Xem truc agency list.",
        remedyEnglish: "See truc agency list.")

    static let agencyNotBelow = Refusal.Entry(
        class: .caller, http: 403, vxp: "19",
        vietnamese: "Mã không nằm dưới đơn vị nào của hệ thống kết nối này.",
        english: "The identifier is not below an agency of the connecting system.",
        remedyVietnamese: "Chỉ đề nghị cho đơn vị trực thuộc theo mã; việc khác do đơn vị vận hành trục.",
        remedyEnglish: "Ask for units below your own by their identifiers; the rest is the operator's.")

    static let agencyClosed = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Mã đơn vị đã đóng hoặc đã có ngày đóng.",
        english: "The agency's identifier is closed, or has a last day already.",
        remedyVietnamese: "Xem ngày đóng bằng truc agency show hoặc getSynchronizeUnit.",
        remedyEnglish: "See the day with truc agency show or getSynchronizeUnit.")

    static let agencyHasUnits = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Đơn vị còn đơn vị trực thuộc đang mở.",
        english: "The agency has units below it that are open.",
        remedyVietnamese:
            "Nêu từng đơn vị trong bảng kế thừa (--table), hoặc chuyển chúng sang đơn vị cấp trên khác trước.",
        remedyEnglish: "Name each of them in the table of successors (--table), or put them below another agency first."
    )

    static let agencyClosedTooEarly = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Sau thời điểm đóng này trục đã nhận văn bản của hoặc gửi tới đơn vị.",
        english: "Packages of the agency, or for it, were accepted after this end.",
        remedyVietnamese: "Chọn thời điểm đóng muộn hơn.",
        remedyEnglish: "Choose a later end.")

    static let successorUnfit = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Đơn vị kế thừa không nhận thay được.",
        english: "The successor cannot take the agency's place.",
        remedyVietnamese:
            "Đơn vị kế thừa phải đang mở tại thời điểm hiệu lực và có hệ thống kết nối (truc agency show).",
        remedyEnglish: "It must be open at the effective instant and have a system (truc agency show).")

    static let successionUndecided = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Bảng kế thừa chưa quyết định hết.",
        english: "The table of successors leaves something undecided.",
        remedyVietnamese: "In bảng nháp bằng --draft, quyết định từng dòng, rồi đưa vào bằng --table.",
        remedyEnglish: "Print a draft with --draft, decide each line, and give it with --table.")

    static let agencyFileInvalid = Refusal.Entry(
        class: .caller, http: 400, vxp: "10",
        vietnamese: "Tệp danh sách đơn vị có dòng sai, chưa nhập gì.",
        english: "Lines of the file are wrong; nothing was imported.",
        remedyVietnamese: "Sửa các dòng được nêu rồi nhập lại cả tệp.",
        remedyEnglish: "Mend the lines that are named and import the whole file again.")

    static let recipientSplit = Refusal.Entry(
        class: .caller, http: 422, vxp: "23",
        vietnamese: "Mã đơn vị nhận đã đóng và có nhiều đơn vị kế thừa.",
        english: "The receiving agency's identifier is closed and has several successors.",
        remedyVietnamese: "Gửi tới một trong các đơn vị kế thừa được nêu.",
        remedyEnglish: "Send to one of the successors that are named.")

    static let agencyRequestWaiting = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Đã có một đề nghị khác về mã này đang chờ duyệt.",
        english: "Another request about this identifier is waiting.",
        remedyVietnamese: "Chờ đơn vị vận hành trục quyết định, hoặc nhờ từ chối đề nghị trước.",
        remedyEnglish: "Wait for the operator's decision, or ask that the earlier request be rejected.")

    static let agencyRequestsFull = Refusal.Entry(
        class: .operatorDuty, http: 429, vxp: "20",
        vietnamese: "Hệ thống kết nối có quá nhiều đề nghị đang chờ duyệt.",
        english: "The connecting system has too many requests waiting.",
        remedyVietnamese: "Đơn vị vận hành trục duyệt hoặc từ chối: truc agency requests.",
        remedyEnglish: "The operator approves or rejects them: truc agency requests.")

    static let agencyRequestNotFound = Refusal.Entry(
        class: .caller, http: 404, vxp: "10",
        vietnamese: "Không có đề nghị mang số này.",
        english: "There is no request with this number.",
        remedyVietnamese: "Xem truc agency requests.",
        remedyEnglish: "See truc agency requests.")

    static let agencyRequestDecided = Refusal.Entry(
        class: .caller, http: 409, vxp: "10",
        vietnamese: "Đề nghị này đã được quyết định.",
        english: "The request was decided already.",
        remedyVietnamese: "Xem truc agency requests --state approved hoặc rejected.",
        remedyEnglish: "See truc agency requests --state approved or rejected.")

    static let registryInvalid = Refusal.Entry(
        class: .caller, http: 400, vxp: "10",
        vietnamese: "Giá trị đăng ký không hợp lệ.",
        english: "A registry value is not valid.",
        remedyVietnamese: "Sửa giá trị theo mô tả.",
        remedyEnglish: "Mend the value as described.")
}
