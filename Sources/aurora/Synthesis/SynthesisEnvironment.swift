// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The environment that an application is synthesized in.
enum SynthesisEnvironment {
    // The cdk CLI's file with what it has looked up (AWS CDK Developer Guide, "Context values and the AWS CDK").
    private static let contextFile = "cdk.context.json"

    /// The process's own, and, where the `cdk` CLI has not started it, what that has looked up here before.
    static var variables: [String: String] {
        var variables = ProcessInfo.processInfo.environment
        if variables["CDK_CONTEXT_JSON"] == nil, let text = try? String(contentsOfFile: contextFile, encoding: .utf8) {
            variables["CDK_CONTEXT_JSON"] = text
        }
        return variables
    }
}
