// SPDX-License-Identifier: Apache-2.0

/// A way of keeping contents. Each content names its own, so that a hub reads both whatever is chosen for new ones.
public enum ContentBackend: String, CaseIterable, Sendable, CustomStringConvertible {
    /// Files of the content directory: segments, and a file of its own for each longer content.
    case segments
    /// Rows of the table `content_chunk`, for nodes that share no disk.
    case chunks

    public var description: String { rawValue }

    init(parsing text: String) throws(ParsingProblem) {
        guard let backend = Self(rawValue: text) else {
            throw ParsingProblem("content backend", "not a way of keeping")
        }
        self = backend
    }
}
