// SPDX-License-Identifier: Apache-2.0

/// The names of what `cdk bootstrap` puts into an account, as texts for `Fn::Sub` and the CLI.
struct BootstrapResources {
    // The CLI's default qualifier for a bootstrapped environment.
    static let qualifier = "hnb659fds"
    /// The version of the bootstrap stack that publishing assets with these roles needs.
    static let requiredVersion = 6
    /// The version that the look-up role came with.
    static let requiredVersionForLookup = 8
    static let versionParameter = "/cdk-bootstrap/\(qualifier)/version"

    let account: String
    let region: String

    init(of stack: Stack) {
        account = stack.environment?.account ?? "${AWS::AccountId}"
        region = stack.environment?.region ?? "${AWS::Region}"
    }

    var assetBucket: String { "cdk-\(Self.qualifier)-assets-\(account)-\(region)" }

    /// The ARN of one of the bootstrap stack's roles: deploy, cfn-exec, lookup or file-publishing.
    func role(_ name: String) -> String {
        "arn:${AWS::Partition}:iam::\(account):role/cdk-\(Self.qualifier)-\(name)-role-\(account)-\(region)"
    }
}
