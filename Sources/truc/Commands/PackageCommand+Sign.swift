// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import EdXML
import Exchange
import Foundation
import Trust

extension PackageCommand {
    struct Sign: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign a package: an XML signature over the whole of it, put into its header.",
            discussion: """
                truc package sign van-ban.edxml --key khoa.pem --cert chung-thu.pem -o da-ky.edxml

                No other byte of the package changes. What was written is verified before it gets its name.
                """)

        @Argument(help: ArgumentHelp("The package.", valueName: "file")) var file: String
        @Option(help: ArgumentHelp("Private key, PEM, not encrypted, readable by nobody else.", valueName: "file"))
        var key: String
        @Option(
            help: ArgumentHelp(
                "The key's certificate, PEM; those of the authorities above it may stand behind it.", valueName: "file")
        )
        var cert: String
        @Option(name: .shortAndLong, help: ArgumentHelp("Where the signed package goes.", valueName: "file"))
        var output: String

        func run() throws {
            let signing = try signer()
            let package = try PackageFile(file)
            try package.read { signing.feed($0) }
            let insertion: PackageSigning.Insertion
            do throws(Finding) {
                insertion = try signing.finish()
            } catch {
                throw Refusal(
                    .packageInvalid, "\(file): \(error.code.english) [\(error.code.rawValue)] \(error.detail)")
            }
            try OutputFile.write(output) { sink in
                var position = 0
                try package.read { bytes in
                    let place = insertion.offset - position
                    position += bytes.count
                    guard (0..<bytes.count).contains(place) else { return try sink(bytes) }
                    try sink(UnsafeRawBufferPointer(rebasing: bytes[..<place]))
                    try insertion.element.withUnsafeBytes { try sink($0) }
                    try sink(UnsafeRawBufferPointer(rebasing: bytes[place...]))
                }
            } check: { path in
                guard case .intact = try PackageFile(path).signature() else {
                    throw Refusal(.packageInvalid, "\(file): it changed while it was signed")
                }
            }
            print("\(output): đã ký (signed)")
        }

        private func signer() throws(Refusal) -> PackageSigning {
            do throws(ParsingProblem) {
                let secret = try PrivateKey(pem: try PrivateFile.read(key))
                let chain = try Certificate.all(in: try RegularFile.read(cert, maxBytes: PrivateFile.maxBytes))
                return try PackageSigning(key: secret, certificates: chain.map(\.der))
            } catch {
                throw Refusal(.fileUnreadable, "\(key), \(cert): \(error.description)")
            }
        }
    }
}

/// A package in a file, read from its beginning as often as need be and never kept.
struct PackageFile {
    let path: String

    /// - Throws: `Refusal(.fileUnreadable)`.
    init(_ path: String) throws(Refusal) {
        guard FileManager.default.isReadableFile(atPath: path) else { throw Refusal(.fileUnreadable, path) }
        self.path = path
    }

    /// Gives the bytes piece by piece.
    func read(_ take: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw Refusal(.fileUnreadable, path) }
        defer { try? handle.close() }
        while true {
            let piece: Data
            do {
                piece = try handle.read(upToCount: PackageCommand.Check.chunkBytes) ?? Data()
            } catch {
                throw Refusal(.fileUnreadable, "\(path): \(error.localizedDescription)")
            }
            if piece.isEmpty { return }
            try piece.withUnsafeBytes { try take($0) }
        }
    }

    /// What can be said of its signature without asking whom to trust.
    func signature() throws -> SignatureOutcome {
        let verifier = SignatureVerifier()
        while true {
            try read { verifier.feed($0) }
            if case .outcome(let outcome) = verifier.finish() { return outcome }
        }
    }
}

/// A file that has its name only when it is whole.
enum OutputFile {
    /// - Parameters:
    ///   - write: gives the bytes to the sink.
    ///   - check: looks at the file before it gets its name.
    /// - Throws: `Refusal(.fileUnwritable)`, or what `write` or `check` throws; nothing is left behind then.
    static func write(
        _ path: String, _ write: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void,
        check: (String) throws -> Void = { _ in }
    ) throws {
        let part = path + ".part"
        guard FileManager.default.createFile(atPath: part, contents: nil),
            let handle = FileHandle(forWritingAtPath: part)
        else { throw Refusal(.fileUnwritable, path) }
        do {
            try write { bytes in
                do {
                    try handle.write(contentsOf: Data(bytes))
                } catch {
                    throw Refusal(.fileUnwritable, "\(path): \(error.localizedDescription)")
                }
            }
            try handle.close()
            try check(part)
            guard rename(part, path) == 0 else {
                throw Refusal(.fileUnwritable, "\(path): \(String(cString: strerror(errno)))")
            }
        } catch {
            try? handle.close()
            unlink(part)
            throw error
        }
    }
}
