// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import CDK
import CloudFormation
import Constructs

/// What checkov finds in the functions, and why that is as it is: the reasons travel with the template, where checkov
/// reads them (its documentation, "Suppressing and skipping policies").
struct AcceptedFindings {
    let id: String
    let reason: String

    static let everyFunction = [
        AcceptedFindings(
            id: "CKV_AWS_115",
            reason:
                "Concurrency that is reserved for a function is taken from all others of the account; it runs during "
                + "deployments and rotations only, and a lock in the database lets one at a time change something."),
        AcceptedFindings(
            id: "CKV_AWS_116",
            reason:
                "What fails is told to CloudFormation or Secrets Manager, which try again; nobody would read a queue."
        ),
    ]
    static let functionOutsideOfTheNetwork = AcceptedFindings(
        id: "CKV_AWS_117", reason: "It calls AWS's APIs only, and has nothing to reach in the network.")
    static let logGroup = AcceptedFindings(
        id: "CKV_AWS_158",
        reason: "CloudWatch Logs encrypts with a key of its own; no log has a secret in it, and the cluster's key lets "
            + "nobody use it but through Secrets Manager.")

    /// Writes the reasons beside a function and its logs.
    static func accept(in function: Function, isInNetwork: Bool) {
        add(everyFunction + (isInNetwork ? [] : [functionOutsideOfTheNetwork]), to: function.node.child("Resource"))
        add([logGroup], to: function.node.child("LogGroup")?.child("Resource"))
    }

    private static func add(_ findings: [AcceptedFindings], to node: Node?) {
        guard let resource = node?.construct as? CfnResource else { return }
        let skipped = findings.map { finding -> TemplateExpression in
            ["id": .string(finding.id), "comment": .string(finding.reason)]
        }
        resource.addMetadata("checkov", ["skip": .list(skipped)])
    }
}
