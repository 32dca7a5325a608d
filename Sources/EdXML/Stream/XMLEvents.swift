// SPDX-License-Identifier: Apache-2.0
import CLibXML2

/// A start tag as libxml2 gives it. The pointers are valid during the call only.
struct StartTag {
    let localName: UnsafePointer<UInt8>
    let prefix: UnsafePointer<UInt8>?
    let namespace: UnsafePointer<UInt8>?
    let namespaceCount: Int32
    let namespaces: UnsafeMutablePointer<UnsafePointer<UInt8>?>?
    let attributeCount: Int32
    let defaultedCount: Int32
    let attributes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?
}

/// An end tag as libxml2 gives it. The pointers are valid during the call only.
struct EndTag {
    let localName: UnsafePointer<UInt8>
    let prefix: UnsafePointer<UInt8>?
    let namespace: UnsafePointer<UInt8>?
}

/// What the parser has to complain about.
struct XMLProblem {
    let code: xmlParserErrors
    /// No further events follow a fatal one.
    let isFatal: Bool
    let message: String
}

/// Receives what the parser sees, in the order of the document, on the thread that feeds it.
protocol XMLEvents: AnyObject {
    /// The line at which the parser stands, from 1; set before each event.
    var line: Int { get set }
    /// Whether no further events are wanted; asked after each one.
    var stopped: Bool { get }
    /// - Parameter encoding: as declared; nil without a declaration.
    func documentStarted(encoding: String?)
    func doctypeMet()
    func elementStarted(_ tag: StartTag)
    func elementEnded(_ tag: EndTag)
    /// Character data with its references resolved and its line ends normalized.
    func characters(_ text: UnsafeBufferPointer<UInt8>)
    /// A piece of a CDATA section with its line ends as they are: libxml2 does not normalize them when it is pushed.
    ///
    /// - Parameter position: of the piece in the document, see `PushParser.position`; of two sections nothing else tells
    ///   the border.
    func cdata(_ text: UnsafeBufferPointer<UInt8>, at position: Int)
    func comment(_ text: UnsafeBufferPointer<UInt8>)
    /// Both end with a zero; `data` is nil where there is none.
    func processingInstruction(_ target: UnsafePointer<UInt8>, _ data: UnsafePointer<UInt8>?)
    func problemMet(_ problem: XMLProblem)
    /// Character data that the parser has not seen, if the element that is open wants such: takes from the beginning of
    /// `text` white space and characters of base64, stops before the first byte of another kind, and tells how many
    /// were taken.
    func plainText(_ text: UnsafeBufferPointer<UInt8>) -> Int
}

extension XMLEvents {
    func cdata(_ text: UnsafeBufferPointer<UInt8>, at position: Int) { characters(text) }
    func comment(_ text: UnsafeBufferPointer<UInt8>) {}
    func processingInstruction(_ target: UnsafePointer<UInt8>, _ data: UnsafePointer<UInt8>?) {}
}
