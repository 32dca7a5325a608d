// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import truc

/// What strangers wrote, on the screen of whoever runs the hub.
@Suite struct ConsoleTests {
    @Test func `a row of a table is one line, whatever stands in a cell`() {
        let rows = [
            ["TO", "DOCUMENT"], ["H52.13", "15/SXD\n000.00.14.H52  VB khác"],
            ["H52\u{202E}31", "\u{9B}2Jxóa\r\u{1B}[31m"],
        ]
        #expect(
            Console.table(rows) == [
                "TO      DOCUMENT", "H52.13  15/SXD 000.00.14.H52  VB khác", "H52 31   2Jxóa  [31m",
            ])
    }

    @Test func `columns are as wide as their widest cell, and rows as long as they are`() {
        #expect(Console.table([["A", "B"], ["dài hơn", "x", "thêm"], []]) == ["A        B", "dài hơn  x  thêm", ""])
        #expect(Console.table([]).isEmpty)
    }
}
