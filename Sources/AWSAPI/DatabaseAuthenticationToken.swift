// SPDX-License-Identifier: Apache-2.0

import Crypto

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A password of 15 minutes for a database user (Amazon Aurora User Guide, "IAM database authentication"): an address
/// that is signed with an identity's key (AWS General Reference, "Signature Version 4", with the signature in the query).
public struct DatabaseAuthenticationToken: Sendable {
    /// The token.
    public let value: String

    /// Signs a token; no service is asked.
    ///
    /// - Parameters:
    ///   - host: The database's host name.
    ///   - port: Its port.
    ///   - username: The database user.
    ///   - region: The database's region.
    ///   - credentials: Whose key signs.
    ///   - date: When it begins to count.
    public init(
        host: String, port: Int, username: String, region: String, credentials: AWSCredentials, date: Date = .now
    ) {
        let time = Self.time(date)
        let scope = "\(time.prefix(8))/\(region)/rds-db/aws4_request"
        var query = [
            ("Action", "connect"), ("DBUser", username), ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", "\(credentials.accessKeyID)/\(scope)"), ("X-Amz-Date", time),
            ("X-Amz-Expires", "900"), ("X-Amz-SignedHeaders", "host"),
        ]
        if let token = credentials.sessionToken { query.append(("X-Amz-Security-Token", token)) }
        let text = query.map { "\($0.0)=\(AWSClient.percentEncoded($0.1))" }.sorted().joined(separator: "&")
        let request = "GET\n/\n\(text)\nhost:\(host):\(port)\n\nhost\n\(Self.hex(SHA256.hash(data: Data())))"
        let toSign = "AWS4-HMAC-SHA256\n\(time)\n\(scope)\n\(Self.hex(SHA256.hash(data: Data(request.utf8))))"
        var key = SymmetricKey(data: Data("AWS4\(credentials.secretAccessKey)".utf8))
        for part in [String(time.prefix(8)), region, "rds-db", "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Data(part.utf8), using: key))
        }
        let signature = Self.hex(HMAC<SHA256>.authenticationCode(for: Data(toSign.utf8), using: key))
        value = "\(host):\(port)/?\(text)&X-Amz-Signature=\(signature)"
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// A time as in `20261124T101500Z`.
    private static func time(_ date: Date) -> String {
        let text = date.formatted(.iso8601)
        return text.replacing("-", with: "").replacing(":", with: "")
    }
}
