// SPDX-License-Identifier: Apache-2.0

/// Where a stack is deployed.
public struct Environment: Hashable, Sendable {
    /// The account, twelve digits.
    public let account: String
    /// The region, such as `eu-central-1`.
    public let region: String

    /// Names an account and a region.
    public init(account: String, region: String) {
        self.account = account
        self.region = region
    }
}
