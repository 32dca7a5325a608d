// SPDX-License-Identifier: Apache-2.0

/// The profiles that come with the program: what five regulations say, and what holds before one of them is activated.
public enum KnownPolicies {
    /// In force where nothing was activated: what holds in the whole country, and no rule about files.
    public static let national: PolicyDocument = document(PackageResources.quoc_gia_json)

    /// All of them, the national one first.
    public static let all: [PolicyDocument] = [
        national, document(PackageResources.moc_chau_09_2016_json), document(PackageResources.son_la_2588_2018_json),
        document(PackageResources.son_la_quy_che_2021_json), document(PackageResources.vinh_long_2022_json),
        document(PackageResources.ninh_binh_161_2025_json),
    ]

    public static func named(_ name: String) -> PolicyDocument? { all.first { $0.profile.name == name } }

    /// A test reads them all; a profile that cannot be read lays down nothing.
    private static func document(_ bytes: [UInt8]) -> PolicyDocument {
        switch PolicyDocument.read(bytes) {
        case .success(let document): document
        case .failure: PolicyDocument(profile: PolicyProfile(name: "", title: "", from: .latest), text: "")
        }
    }
}
