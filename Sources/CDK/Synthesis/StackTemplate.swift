// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import Constructs

/// Renders one stack's template.
struct StackTemplate {
    // CloudFormation's limits for one template (its User Guide, "CloudFormation quotas").
    private static let mostResources = 500
    private static let mostOutputs = 200

    let content: StackContent
    let references: CrossStackReferences
    let dependencies: Dependencies

    private var stack: Stack { content.stack }

    func body() throws -> TemplateExpression {
        var resources: [TemplateExpression.Member] = []
        var outputs: [TemplateExpression.Member] = []
        var paths: [String] = []
        var needs: [String: [String]] = [:]
        for entry in content.entries {
            switch entry.element {
            case let resource as CfnResource:
                paths.append(resource.node.path)
                needs[resource.node.path] =
                    dependencies.paths(for: resource) + entry.references.map(\.target.path)
                resources.append(.init(resource.logicalID, try resolved(entry.body)))
            case let output as CfnOutput: outputs.append(.init(output.logicalID, try resolved(entry.body)))
            default: break
            }
        }
        if let cycle = ResourceCycle(among: paths, needs: needs) { throw ValidationError([cycle.diagnostic]) }
        try check(resources.count, "resources", most: Self.mostResources)
        try check(outputs.count, "outputs", most: Self.mostOutputs)
        var members: [TemplateExpression.Member] = []
        if let description = stack.stackDescription { members.append(.init("Description", .string(description))) }
        members.append(.init("Resources", .object(resources)))
        if !outputs.isEmpty { members.append(.init("Outputs", .object(outputs))) }
        members.append(.init("Parameters", Self.bootstrapParameter))
        members.append(.init("Rules", Self.bootstrapRule))
        return .object(members)
    }

    private func check(_ count: Int, _ what: String, most: Int) throws {
        guard count > most else { return }
        throw ValidationError([
            Diagnostic(
                .error, path: stack.node.path,
                message: "The stack has \(count) \(what); CloudFormation allows \(most): divide it into several.")
        ])
    }

    private func resolved(_ expression: TemplateExpression) throws -> TemplateExpression {
        switch expression {
        case .null, .boolean, .integer, .number, .string: return expression
        case .list(let elements): return .list(try elements.map(resolved))
        case .object(let members):
            return .object(try members.map { .init($0.name, try resolved($0.value)) })
        case .reference(let reference): return try references.spelling(reference, in: stack)
        case .join(let parts):
            let simple = TemplateExpression.joining(try parts.map(resolved))
            guard case .join(let parts) = simple else { return simple }
            return .intrinsic("Fn::Join", .list([.string(""), .list(parts)]))
        }
    }

    // The CLI reads this parameter to see whether the environment is bootstrapped well enough, before it changes
    // anything; the rule says the same to those who deploy the template by other means.
    private static let bootstrapParameter: TemplateExpression = [
        "BootstrapVersion": [
            "Type": "AWS::SSM::Parameter::Value<String>",
            "Default": .string(BootstrapResources.versionParameter),
            "Description":
                "Version of the CDK Bootstrap resources in this environment, read from SSM Parameter Store. [cdk:skip]",
        ]
    ]

    private static let bootstrapRule: TemplateExpression = {
        let tooOld = (1..<BootstrapResources.requiredVersion).map { TemplateExpression.string(String($0)) }
        return [
            "CheckBootstrapVersion": [
                "Assertions": [
                    [
                        "Assert": ["Fn::Not": [["Fn::Contains": [.list(tooOld), ["Ref": "BootstrapVersion"]]]]],
                        "AssertDescription": .string(
                            "This stack needs version \(BootstrapResources.requiredVersion) of the CDK bootstrap "
                                + "stack: run 'cdk bootstrap' with a recent CLI."),
                    ]
                ]
            ]
        ]
    }()
}
