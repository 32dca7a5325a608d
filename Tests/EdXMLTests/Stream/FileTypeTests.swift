// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import EdXML

struct FileTypeTests {
    @Test func bytesDecide() {
        #expect(FileType(of: Invented.pdf) == .pdf)
        #expect(FileType(of: Zip.archive([("a.txt", [1])])) == .zip)
        #expect(
            FileType(of: Zip.archive([("[Content_Types].xml", [1]), ("word/document.xml", [2])])) == .officeOpenXML)
        #expect(FileType(of: [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0]) == .compoundFile)
        #expect(FileType(of: Array("Nội dung mẫu\r\n".utf8)) == .text)
        #expect(FileType(of: Array("<?xml version='1.0'?><a/>".utf8)) == .xml)
        #expect(FileType(of: [0, 1, 2]) == .unknown)
        #expect(FileType(of: [UInt8]()) == .unknown)
    }

    @Test func declarationsAreHeldAgainstBytes() {
        #expect(FileType.pdf.fits(declared: "application/pdf"))
        #expect(FileType.pdf.fits(declared: "Application/PDF; name=x"))
        #expect(FileType.pdf.fits(declared: "application/octet-stream"))
        #expect(FileType.pdf.fits(declared: ""))
        #expect(!FileType.zip.fits(declared: "application/pdf"))
        #expect(!FileType.zip.fits(declared: "text/plain"))
        #expect(!FileType.text.fits(declared: "application/zip"))
        #expect(FileType.officeOpenXML.fits(declared: "application/zip"))
        #expect(
            FileType.officeOpenXML.fits(
                declared: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"))
        #expect(!FileType.pdf.fits(declared: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"))
    }

    @Test func namesTellArchives() {
        for name in ["a.zip", "A.DOCX", "b.c.xlsx", "x.odt"] { #expect(FileType.isArchive(name: name)) }
        for name in ["a.doc", "zip", "a.zip.txt", "", nil] { #expect(!FileType.isArchive(name: name)) }
    }
}
