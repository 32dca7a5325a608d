// SPDX-License-Identifier: Apache-2.0

extension Refusal {
    /// Every reason for which the hub says no. The raw value is what users, logs and `--json` see.
    public enum Code: String, CaseIterable, Sendable, Codable {
        case headerMissing = "auth.header-missing"
        case headerRepeated = "auth.header-repeated"
        case signatureInvalid = "auth.signature-invalid"
        case headerMismatch = "auth.header-mismatch"
        case timestampInvalid = "auth.timestamp-invalid"
        case systemDisabled = "auth.system-disabled"
        case clientCertificateWrong = "auth.client-certificate"
        case unknownOperation = "request.unknown-operation"
        case methodNotAllowed = "request.method-not-allowed"
        case parameterMissing = "request.parameter-missing"
        case parameterInvalid = "request.parameter-invalid"
        case bodyTooLarge = "request.body-too-large"
        case bodyIncomplete = "request.body-incomplete"
        case bodyTooSlow = "request.body-too-slow"
        case plainHTTP = "request.plain-http"
        case tooManyRequests = "request.too-many"
        case metricsNotAllowed = "request.metrics-not-allowed"
        case tlsRequired = "request.tls-required"
        case hashMismatch = "request.hash-mismatch"
        case packageMalformed = "package.malformed"
        case packageInvalid = "package.invalid"
        case kindMismatch = "package.kind-mismatch"
        case senderNotYours = "package.sender-not-yours"
        case senderClosed = "package.sender-closed"
        case recipientUnknown = "recipient.unknown"
        case recipientClosed = "recipient.closed"
        case recipientSplit = "recipient.split"
        case recipientNoRoute = "recipient.no-route"
        case recipientNoSystem = "recipient.no-system"
        case recipientNotAddressed = "recipient.not-addressed"
        case recipientNone = "recipient.none"
        case documentConflict = "package.conflict"
        case packageNotFound = "package.not-found"
        case documentFrozen = "document.frozen"
        case packageSealed = "package.sealed"
        case sealNotFound = "package.not-sealed"
        case deliveryWithdrawn = "delivery.withdrawn"
        case contentCancelled = "content.cancelled"
        case confirmationConflict = "delivery.state-conflict"
        case contentDamaged = "content.damaged"
        case contentDestroyed = "content.destroyed"
        case contentAwaited = "content.awaited"
        case databaseUnavailable = "hub.database-unavailable"
        case storageUnavailable = "hub.storage-unavailable"
        case storageFull = "hub.storage-full"
        case clockWrong = "hub.clock-wrong"
        case overloaded = "hub.overloaded"
        case stopping = "hub.stopping"
        case internalError = "hub.internal-error"
        case systemExists = "registry.system-exists"
        case systemNotFound = "registry.system-not-found"
        case agencyTaken = "registry.agency-taken"
        case agencyNotFound = "registry.agency-not-found"
        case agencyNotBelow = "registry.agency-not-below"
        case agencyClosed = "registry.agency-closed"
        case agencyHasUnits = "registry.agency-has-units"
        case agencyClosedTooEarly = "registry.closed-too-early"
        case successorUnfit = "registry.successor-unfit"
        case successionUndecided = "registry.succession-undecided"
        case agencyFileInvalid = "registry.file-invalid"
        case agencyRequestWaiting = "registry.request-waiting"
        case agencyRequestsFull = "registry.requests-full"
        case agencyRequestNotFound = "registry.request-not-found"
        case agencyRequestDecided = "registry.request-decided"
        case registryInvalid = "registry.invalid-value"
        case calendarFileInvalid = "calendar.file-invalid"
        case calendarYearOutside = "calendar.year-outside"
        case policyFileSize = "policy.file-size"
        case policyFileName = "policy.file-name"
        case policyFileFormat = "policy.file-format"
        case policySignatureMissing = "policy.signature-missing"
        case confirmationNeeded = "policy.confirmation-needed"
        case documentAwaited = "policy.document-awaited"
        case policyDocumentInvalid = "policy.document-invalid"
        case policyNotFound = "policy.not-found"
        case policyActivationInvalid = "policy.activation-invalid"
        case malwareScanPending = "malware.scan-pending"
        case malwareFound = "malware.found"
        case malwareScanImpossible = "malware.scan-impossible"
        case malwareScanNotFound = "malware.scan-not-found"
        case trustFileInvalid = "trust.file-invalid"
        case trustItemUnfit = "trust.item-unfit"
        case trustStoreFull = "trust.store-full"
        case trustNotFound = "trust.not-found"
        case trustStale = "trust.stale"
        case certificateUntrusted = "trust.certificate-untrusted"
        case certificateUndetermined = "trust.certificate-undetermined"
        case traceNotFound = "trace.not-found"
        case fileUnreadable = "file.unreadable"
        case fileUnwritable = "file.unwritable"
        case settingInvalid = "setup.setting-invalid"
        case settingUnknown = "setup.setting-unknown"
        case tlsUnusable = "setup.tls-unusable"
        case plainHTTPExposed = "setup.plain-http-exposed"
        case dataDirectoryUnusable = "setup.data-directory-unusable"
        case postgresNotFound = "setup.postgresql-not-found"
        case postgresFailed = "setup.postgresql-failed"
        case schemaNewer = "setup.schema-newer"
        case schemaChanged = "setup.schema-changed"
        case storeMismatch = "setup.store-mismatch"
        case storeMissing = "setup.store-missing"
        case alreadyRunning = "setup.already-running"
        case keyRingMissing = "setup.keyring-missing"
        case keyRingMismatch = "setup.keyring-mismatch"
        case keyRingUnusable = "setup.keyring-unusable"
        case keyNotFound = "key.not-found"
        case keyInUse = "key.in-use"
        case keyTooMany = "key.too-many"
        case keyNotPrepared = "key.not-prepared"
        case secretUnreadable = "hub.secret-unreadable"
        case secretOverlap = "registry.secret-overlap"
        case auditLogBroken = "audit.broken"
        case pushNameUnknown = "push.name-unknown"
        case pushUnreachable = "push.unreachable"
        case pushTimeout = "push.timeout"
        case pushTLS = "push.tls"
        case pushTargetForbidden = "push.target-forbidden"
        case pushPlainHTTP = "push.plain-http"
        case pushAnswer = "push.answer"
        case pushAnswerTooLarge = "push.answer-too-large"
        case pushReceiptMissing = "push.receipt-missing"
        case pushReceiptWrong = "push.receipt-wrong"
        case pushRedirected = "push.redirected"
        case pushRefused = "push.refused"
        case pushGone = "push.gone"
        case pushInterrupted = "push.interrupted"
        case deliveryExpired = "delivery.expired"
        case deliveryInFlight = "delivery.in-flight"
        case redirectForbidden = "delivery.redirect-forbidden"
        case redirectSeen = "delivery.redirect-seen"
        case redirectKnown = "delivery.redirect-known"
        case endpointNotFound = "endpoint.not-found"

        public var entry: Entry {
            switch self {
            case .headerMissing:
                Entry(
                    class: .caller, http: 401, vxp: "15",
                    vietnamese: "Thiếu tiêu đề xác thực bắt buộc.",
                    english: "A required authentication header is missing.",
                    remedyVietnamese: "Gửi đủ XroadVnpt-sign-header, XroadVnpt-hash-header, systemid và timestamp.",
                    remedyEnglish: "Send XroadVnpt-sign-header, XroadVnpt-hash-header, systemid and timestamp.")
            case .headerRepeated:
                Entry(
                    class: .caller, http: 400, vxp: "15",
                    vietnamese: "Một tiêu đề xác thực xuất hiện nhiều lần.",
                    english: "An authentication header occurs more than once.",
                    remedyVietnamese: "Gửi mỗi tiêu đề XroadVnpt-* đúng một lần; kiểm tra proxy trung gian.",
                    remedyEnglish: "Send each XroadVnpt-* header exactly once; check proxies on the way.")
            case .signatureInvalid:
                Entry(
                    class: .caller, http: 401, vxp: "15",
                    vietnamese: "Sai mã hệ thống hoặc khóa bí mật.",
                    english: "The system id or its secret is wrong.",
                    remedyVietnamese: "Kiểm tra systemid và khóa bí mật với đơn vị vận hành trục.",
                    remedyEnglish: "Check the systemid and its secret with the operator of the hub.")
            case .headerMismatch:
                Entry(
                    class: .caller, http: 401, vxp: "15",
                    vietnamese: "Giá trị đã ký khác với tiêu đề thực gửi.",
                    english: "A signed value differs from the header that was sent.",
                    remedyVietnamese: "Ký đúng giá trị gửi đi; kiểm tra proxy có sửa tiêu đề hay không.",
                    remedyEnglish: "Sign the values that are sent; check whether a proxy changes headers.")
            case .timestampInvalid:
                Entry(
                    class: .caller, http: 401, vxp: "15",
                    vietnamese: "Dấu thời gian của yêu cầu không hợp lệ hoặc nằm ngoài khoảng cho phép.",
                    english: "The request's timestamp is malformed or outside the allowed window.",
                    remedyVietnamese: "Dùng dạng ddMMyyyy'T'HHmmss+SSSS theo giờ Việt Nam và đồng bộ đồng hồ máy chủ.",
                    remedyEnglish: "Use ddMMyyyy'T'HHmmss+SSSS in Vietnam's time and synchronise the server's clock.")
            case .systemDisabled:
                Entry(
                    class: .caller, http: 403, vxp: "15",
                    vietnamese: "Hệ thống kết nối đã bị khóa.",
                    english: "The connecting system is disabled.",
                    remedyVietnamese: "Liên hệ đơn vị vận hành trục.",
                    remedyEnglish: "Contact the operator of the hub.")
            case .clientCertificateWrong:
                Entry(
                    class: .caller, http: 403, vxp: "15",
                    vietnamese: "Hệ thống này phải kết nối bằng chứng thư máy khách đã đăng ký.",
                    english: "This system must connect with the client certificate that it is bound to.",
                    remedyVietnamese: "Cấu hình chứng thư đã đăng ký; nếu đã đổi khóa, báo đơn vị vận hành trục.",
                    remedyEnglish:
                        "Set up the registered certificate; tell the hub's operator when its key has changed.")
            case .unknownOperation:
                Entry(
                    class: .caller, http: 404, vxp: "10",
                    vietnamese: "Không có thao tác này.",
                    english: "There is no such operation.",
                    remedyVietnamese: "Kiểm tra đường dẫn; các thao tác được liệt kê trong docs/vxp.md.",
                    remedyEnglish: "Check the path; docs/vxp.md lists the operations.")
            case .methodNotAllowed:
                Entry(
                    class: .caller, http: 405, vxp: "10",
                    vietnamese: "Phương thức HTTP không đúng cho thao tác này.",
                    english: "The HTTP method is not the one of this operation.",
                    remedyVietnamese: "Dùng phương thức được nêu cho thao tác này.",
                    remedyEnglish: "Use the method that is named for this operation.")
            case .parameterMissing:
                Entry(
                    class: .caller, http: 400, vxp: "10",
                    vietnamese: "Thiếu tham số bắt buộc trong phần đã ký.",
                    english: "A required parameter is missing from the signed set.",
                    remedyVietnamese: "Đưa tham số vào tiêu đề XroadVnpt-* và vào XroadVnpt-sign-header.",
                    remedyEnglish: "Send the parameter as an XroadVnpt-* header and list it in XroadVnpt-sign-header.")
            case .parameterInvalid:
                Entry(
                    class: .caller, http: 400, vxp: "10",
                    vietnamese: "Tham số có giá trị không hợp lệ.",
                    english: "A parameter has an invalid value.",
                    remedyVietnamese: "Xem docs/vxp.md về giá trị cho phép.",
                    remedyEnglish: "See docs/vxp.md for the allowed values.")
            case .bodyTooLarge:
                Entry(
                    class: .caller, http: 413, vxp: "10",
                    vietnamese: "Gói tin vượt quá kích thước cho phép.",
                    english: "The package is larger than allowed.",
                    remedyVietnamese: "Giảm hoặc tách tệp đính kèm.",
                    remedyEnglish: "Make the attachments smaller or split them.")
            case .bodyIncomplete:
                Entry(
                    class: .transient, http: 400, vxp: "10",
                    vietnamese: "Kết nối kết thúc trước khi nhận đủ gói tin.",
                    english: "The connection ended before the whole package came.",
                    remedyVietnamese: "Gửi lại gói tin.",
                    remedyEnglish: "Send the package again.")
            case .bodyTooSlow:
                Entry(
                    class: .transient, http: 408, vxp: "20",
                    vietnamese: "Gói tin đến quá chậm.",
                    english: "The package came too slowly.",
                    remedyVietnamese: "Kiểm tra đường truyền rồi gửi lại.",
                    remedyEnglish: "Check the network and send again.")
            case .plainHTTP:
                Entry(
                    class: .caller, http: 400, vxp: "10",
                    vietnamese: "Yêu cầu HTTP không mã hóa gửi đến cổng TLS.",
                    english: "A plain HTTP request came to a TLS port.",
                    remedyVietnamese: "Dùng https:// trong địa chỉ của trục.",
                    remedyEnglish: "Use https:// in the hub's address.")
            case .tooManyRequests:
                Entry(
                    class: .transient, http: 429, vxp: "20",
                    vietnamese: "Hệ thống kết nối gửi quá nhiều yêu cầu.",
                    english: "The connecting system makes too many requests.",
                    remedyVietnamese: "Chờ số giây nêu trong Retry-After rồi gửi lại; giảm số luồng gọi đồng thời.",
                    remedyEnglish: "Wait for the seconds of Retry-After, then send again; use fewer threads.")
            case .metricsNotAllowed:
                Entry(
                    class: .caller, http: 403, vxp: "15",
                    vietnamese: "Địa chỉ này không được đọc số liệu vận hành.",
                    english: "This address may not read the metrics.",
                    remedyVietnamese: "Thêm địa chỉ vào metrics-readers và đọc trực tiếp, không qua proxy.",
                    remedyEnglish: "Add the address to metrics-readers, and read directly, not through a proxy.")
            case .tlsRequired:
                Entry(
                    class: .caller, http: 403, vxp: "10",
                    vietnamese: "Thao tác này chỉ thực hiện qua TLS.",
                    english: "This operation is only for connections with TLS.",
                    remedyVietnamese: "Gọi trục qua https://.",
                    remedyEnglish: "Call the hub over https://.")
            case .hashMismatch:
                Entry(
                    class: .caller, http: 422, vxp: "10",
                    vietnamese: "hash-file không khớp với nội dung nhận được.",
                    english: "hash-file does not match the content that was received.",
                    remedyVietnamese: "Tính SHA-256 trên đúng các byte của tệp rồi gửi lại.",
                    remedyEnglish: "Compute SHA-256 over exactly the file's bytes and send again.")
            case .packageMalformed:
                Entry(
                    class: .caller, http: 422, vxp: "22",
                    vietnamese: "Gói tin không phải XML đúng dạng.",
                    english: "The package is not well-formed XML.",
                    remedyVietnamese: "Sửa lỗi tại vị trí được chỉ ra; chạy truc package check.",
                    remedyEnglish: "Mend the error at the place shown; run truc package check.")
            case .packageInvalid:
                Entry(
                    class: .caller, http: 422, vxp: "22",
                    vietnamese: "Gói tin không đúng quy chuẩn edXML.",
                    english: "The package does not follow edXML.",
                    remedyVietnamese: "Sửa các lỗi được liệt kê; chạy truc package check.",
                    remedyEnglish: "Mend the listed findings; run truc package check.")
            case .kindMismatch:
                Entry(
                    class: .caller, http: 422, vxp: "22",
                    vietnamese: "messagetype không đúng với loại gói tin.",
                    english: "messagetype does not fit the kind of the package.",
                    remedyVietnamese: "Dùng edoc cho văn bản, status cho gói trạng thái.",
                    remedyEnglish: "Use edoc for documents and status for status packages.")
            case .senderNotYours:
                Entry(
                    class: .caller, http: 403, vxp: "19",
                    vietnamese: "Đơn vị gửi không thuộc hệ thống kết nối này.",
                    english: "The sending agency does not belong to the connecting system.",
                    remedyVietnamese: "Kiểm tra From/OrganId và tham số from; đăng ký đơn vị với đơn vị vận hành trục.",
                    remedyEnglish: "Check From/OrganId and from; have the hub's operator register the agency.")
            case .senderClosed:
                Entry(
                    class: .caller, http: 403, vxp: "19",
                    vietnamese: "Mã đơn vị gửi đã đóng.",
                    english: "The sending agency's identifier is closed.",
                    remedyVietnamese: "Dùng mã của đơn vị kế thừa.",
                    remedyEnglish: "Use the identifier of the successor.")
            case .recipientUnknown:
                Entry(
                    class: .caller, http: 422, vxp: "18",
                    vietnamese: "Đơn vị nhận chưa đăng ký trên trục.",
                    english: "The receiving agency is not registered at the hub.",
                    remedyVietnamese: "Kiểm tra mã đơn vị nhận bằng getAgenciesList.",
                    remedyEnglish: "Check the receiver's identifier with getAgenciesList.")
            case .recipientClosed:
                Entry(
                    class: .caller, http: 422, vxp: "23",
                    vietnamese: "Mã đơn vị nhận đã đóng.",
                    english: "The receiving agency's identifier is closed.",
                    remedyVietnamese: "Không có đơn vị kế thừa; tra đơn vị nhận việc bằng getAgenciesList.",
                    remedyEnglish: "It has no successor: find who does its work now with getAgenciesList.")
            case .recipientSplit: .recipientSplit
            case .recipientNoRoute:
                Entry(
                    class: .operatorDuty, http: 422, vxp: "18",
                    vietnamese: "Đơn vị nhận ở ngoài tỉnh và trục chưa có đường kết nối.",
                    english: "The receiver is outside the province and the hub has no route yet.",
                    remedyVietnamese: "Gửi qua trục quốc gia bằng kênh hiện có; báo đơn vị vận hành trục.",
                    remedyEnglish: "Send over the national axis by the existing channel; tell the operator of the hub.")
            case .recipientNoSystem:
                Entry(
                    class: .operatorDuty, http: 422, vxp: "18",
                    vietnamese: "Đơn vị nhận đã đăng ký nhưng chưa có hệ thống kết nối.",
                    english: "The receiver is registered but no system connects for it.",
                    remedyVietnamese: "Báo đơn vị vận hành trục gán hệ thống cho đơn vị nhận.",
                    remedyEnglish: "Ask the operator of the hub to assign a system to the receiver.")
            case .recipientNotAddressed:
                Entry(
                    class: .caller, http: 422, vxp: "18",
                    vietnamese: "Tham số to nêu đơn vị không có trong phần To của gói tin.",
                    english: "The parameter to names an agency that the package's To does not.",
                    remedyVietnamese: "Tham số to chỉ được thu hẹp danh sách To.",
                    remedyEnglish: "The parameter to may only narrow the package's To.")
            case .recipientNone:
                Entry(
                    class: .caller, http: 422, vxp: "18",
                    vietnamese: "Không còn đơn vị nhận nào gửi được.",
                    english: "No recipient is left that could be delivered to.",
                    remedyVietnamese: "Kiểm tra từng đơn vị nhận theo lý do được nêu.",
                    remedyEnglish: "Check each recipient against the reason given.")
            case .documentConflict:
                Entry(
                    class: .caller, http: 409, vxp: "10",
                    vietnamese: "Mã định danh văn bản đã dùng cho một văn bản khác.",
                    english: "The document id was already used for another document.",
                    remedyVietnamese: "Dùng mã mới, hoặc gửi gói cập nhật/thay thế theo quy định.",
                    remedyEnglish: "Use a new id, or send an update or replacement.")
            case .packageNotFound:
                Entry(
                    class: .permanent, http: 404, vxp: "10",
                    vietnamese: "Không có gói tin này trong phạm vi của hệ thống.",
                    english: "There is no such package among those of this system.",
                    remedyVietnamese: "Dùng docId do getReceivedEdocList hoặc sendEdoc trả về.",
                    remedyEnglish: "Use a docId that getReceivedEdocList or sendEdoc returned.")
            case .confirmationConflict:
                Entry(
                    class: .caller, http: 409, vxp: "10",
                    vietnamese: "Trạng thái hiện tại của gói tin không cho phép việc này.",
                    english: "The present state of the delivery does not allow this.",
                    remedyVietnamese:
                        "Gói đã done giữ nguyên trạng thái; gói tạm giữ do đơn vị vận hành xử lý (docs/states.md).",
                    remedyEnglish:
                        "A delivery that is done stays so; one on hold is the operator's to release (docs/states.md).")
            case .contentDamaged:
                Entry(
                    class: .operatorDuty, http: 500, vxp: "21",
                    vietnamese: "Nội dung lưu trữ không khớp mã băm, trục không giao nội dung hỏng.",
                    english: "The stored content does not match its digest; the hub does not hand out damaged content.",
                    remedyVietnamese: "Báo đơn vị vận hành trục kèm mã yêu cầu.",
                    remedyEnglish: "Tell the operator of the hub, with the request id.")
            case .contentDestroyed: .contentDestroyed
            case .contentAwaited: .contentAwaited
            case .databaseUnavailable:
                Entry(
                    class: .transient, http: 503, vxp: "20",
                    vietnamese: "Cơ sở dữ liệu của trục tạm thời không sẵn sàng.",
                    english: "The hub's database is not available at the moment.",
                    remedyVietnamese: "Gửi lại sau ít phút.",
                    remedyEnglish: "Try again in a few minutes.")
            case .storageUnavailable:
                Entry(
                    class: .operatorDuty, http: 503, vxp: "20",
                    vietnamese: "Trục không ghi được nội dung xuống đĩa.",
                    english: "The hub cannot write content to its disk.",
                    remedyVietnamese: "Gửi lại sau; đơn vị vận hành kiểm tra ổ đĩa.",
                    remedyEnglish: "Try again later; the operator checks the disk.")
            case .storageFull:
                Entry(
                    class: .operatorDuty, http: 507, vxp: "20",
                    vietnamese: "Ổ đĩa của trục đã đầy.",
                    english: "The hub's disk is full.",
                    remedyVietnamese: "Gửi lại sau; đơn vị vận hành giải phóng dung lượng.",
                    remedyEnglish: "Try again later; the operator frees space.")
            case .clockWrong:
                Entry(
                    class: .operatorDuty, http: 503, vxp: "20",
                    vietnamese: "Đồng hồ của trục và của cơ sở dữ liệu lệch nhau quá mức cho phép.",
                    english: "The clocks of the hub and of its database differ by more than is allowed.",
                    remedyVietnamese: "Đồng bộ đồng hồ của cả hai máy chủ (chrony, NTP).",
                    remedyEnglish: "Synchronise the clocks of both servers (chrony, NTP).")
            case .overloaded:
                Entry(
                    class: .transient, http: 503, vxp: "20",
                    vietnamese: "Trục đang quá tải.",
                    english: "The hub is overloaded.",
                    remedyVietnamese: "Gửi lại sau ít giây.",
                    remedyEnglish: "Try again in a few seconds.")
            case .stopping:
                Entry(
                    class: .transient, http: 503, vxp: "20",
                    vietnamese: "Trục đang dừng để bảo trì.",
                    english: "The hub is stopping for maintenance.",
                    remedyVietnamese: "Gửi lại sau.",
                    remedyEnglish: "Try again later.")
            case .internalError:
                Entry(
                    class: .operatorDuty, http: 500, vxp: "20",
                    vietnamese: "Trục gặp lỗi ngoài dự kiến.",
                    english: "The hub met an unexpected error.",
                    remedyVietnamese: "Báo đơn vị vận hành trục kèm mã yêu cầu.",
                    remedyEnglish: "Tell the operator of the hub, with the request id.")
            case .systemExists: .systemExists
            case .systemNotFound: .systemNotFound
            case .agencyTaken: .agencyTaken
            case .agencyNotFound: .agencyNotFound
            case .agencyNotBelow: .agencyNotBelow
            case .agencyClosed: .agencyClosed
            case .agencyHasUnits: .agencyHasUnits
            case .agencyClosedTooEarly: .agencyClosedTooEarly
            case .successorUnfit: .successorUnfit
            case .successionUndecided: .successionUndecided
            case .agencyFileInvalid: .agencyFileInvalid
            case .agencyRequestWaiting: .agencyRequestWaiting
            case .agencyRequestsFull: .agencyRequestsFull
            case .agencyRequestNotFound: .agencyRequestNotFound
            case .agencyRequestDecided: .agencyRequestDecided
            case .registryInvalid: .registryInvalid
            case .calendarFileInvalid: .calendarFileInvalid
            case .calendarYearOutside: .calendarYearOutside
            case .traceNotFound:
                Entry(
                    class: .caller, http: 404, vxp: "10",
                    vietnamese: "Không tìm thấy gì với mã này.",
                    english: "Nothing is known under this id.",
                    remedyVietnamese: "Dùng DocId, docId, mã định danh văn bản hoặc số/ký hiệu.",
                    remedyEnglish: "Use a DocId, a docId, a document id or number/notation.")
            case .fileUnreadable:
                Entry(
                    class: .caller, http: 400, vxp: "10",
                    vietnamese: "Không đọc được tệp.",
                    english: "A file cannot be read.",
                    remedyVietnamese: "Kiểm tra đường dẫn và quyền đọc tệp.",
                    remedyEnglish: "Check the path and the right to read the file.")
            case .settingInvalid:
                Entry(
                    class: .operatorDuty, http: 500, vxp: "20",
                    vietnamese: "Cấu hình không hợp lệ.",
                    english: "A setting is not valid.",
                    remedyVietnamese: "Sửa cấu hình theo mô tả; xem truc config explain.",
                    remedyEnglish: "Mend the setting as described; see truc config explain.")
            case .settingUnknown:
                Entry(
                    class: .operatorDuty, http: 500, vxp: "20",
                    vietnamese: "Không có cấu hình với tên này.",
                    english: "There is no setting with this name.",
                    remedyVietnamese: "Sửa tên như gợi ý; truc config explain liệt kê tất cả.",
                    remedyEnglish: "Mend the name as suggested; truc config explain lists them all.")
            case .tlsUnusable:
                Entry(
                    class: .operatorDuty, http: 500, vxp: "20",
                    vietnamese: "Không dùng được chứng thư hoặc khóa TLS.",
                    english: "The TLS certificate or its key cannot be used.",
                    remedyVietnamese: "Sửa tệp theo mô tả, rồi khởi động lại hoặc gửi SIGHUP.",
                    remedyEnglish: "Mend the file as described, then start again or send SIGHUP.")
            case .plainHTTPExposed:
                Entry(
                    class: .operatorDuty, http: 500, vxp: "20",
                    vietnamese: "Địa chỉ phục vụ nằm ngoài máy này mà không có TLS.",
                    english: "The address to serve on lies beyond this machine, and there is no TLS.",
                    remedyVietnamese:
                        "Đặt tls-certificate-file và tls-key-file; hoặc đặt allow-plain-http-beyond-loopback = true "
                        + "nếu TLS do máy chủ khác đảm nhận.",
                    remedyEnglish:
                        "Set tls-certificate-file and tls-key-file; or allow-plain-http-beyond-loopback = true where "
                        + "something in front provides TLS.")
            case .dataDirectoryUnusable: .dataDirectoryUnusable
            case .postgresNotFound: .postgresNotFound
            case .postgresFailed: .postgresFailed
            case .schemaNewer: .schemaNewer
            case .schemaChanged: .schemaChanged
            case .storeMismatch: .storeMismatch
            case .storeMissing: .storeMissing
            case .alreadyRunning: .alreadyRunning
            case .keyRingMissing: .keyRingMissing
            case .keyRingMismatch: .keyRingMismatch
            case .keyRingUnusable: .keyRingUnusable
            case .keyNotFound: .keyNotFound
            case .keyInUse: .keyInUse
            case .keyNotPrepared: .keyNotPrepared
            case .keyTooMany: .keyTooMany
            case .secretUnreadable: .secretUnreadable
            case .secretOverlap: .secretOverlap
            case .auditLogBroken: .auditLogBroken
            case .pushNameUnknown: .pushNameUnknown
            case .pushUnreachable: .pushUnreachable
            case .pushTimeout: .pushTimeout
            case .pushTLS: .pushTLS
            case .pushTargetForbidden: .pushTargetForbidden
            case .pushPlainHTTP: .pushPlainHTTP
            case .pushAnswer: .pushAnswer
            case .pushAnswerTooLarge: .pushAnswerTooLarge
            case .pushReceiptMissing: .pushReceiptMissing
            case .pushReceiptWrong: .pushReceiptWrong
            case .pushRedirected: .pushRedirected
            case .pushRefused: .pushRefused
            case .pushGone: .pushGone
            case .pushInterrupted: .pushInterrupted
            case .deliveryExpired: .deliveryExpired
            case .deliveryInFlight: .deliveryInFlight
            case .redirectForbidden: .redirectForbidden
            case .redirectSeen: .redirectSeen
            case .redirectKnown: .redirectKnown
            case .documentFrozen: .documentFrozen
            case .packageSealed: .packageSealed
            case .fileUnwritable: .fileUnwritable
            case .sealNotFound: .sealNotFound
            case .deliveryWithdrawn: .deliveryWithdrawn
            case .contentCancelled: .contentCancelled
            case .endpointNotFound: .endpointNotFound
            case .policyFileSize: .policyFileSize
            case .policyFileName: .policyFileName
            case .policyFileFormat: .policyFileFormat
            case .policySignatureMissing: .policySignatureMissing
            case .confirmationNeeded: .confirmationNeeded
            case .documentAwaited: .documentAwaited
            case .policyDocumentInvalid: .policyDocumentInvalid
            case .policyNotFound: .policyNotFound
            case .trustFileInvalid: .trustFileInvalid
            case .trustItemUnfit: .trustItemUnfit
            case .trustStoreFull: .trustStoreFull
            case .trustNotFound: .trustNotFound
            case .trustStale: .trustStale
            case .certificateUntrusted: .certificateUntrusted
            case .certificateUndetermined: .certificateUndetermined
            case .malwareScanPending: .malwareScanPending
            case .malwareFound: .malwareFound
            case .malwareScanImpossible: .malwareScanImpossible
            case .malwareScanNotFound: .malwareScanNotFound
            case .policyActivationInvalid: .policyActivationInvalid
            }
        }
    }
}
