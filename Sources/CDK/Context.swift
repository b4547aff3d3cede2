// SPDX-License-Identifier: Apache-2.0

package import CloudFormation
package import Constructs

/// A fact that the `cdk` CLI has to look up before the application can be synthesized for good.
package struct MissingContext: Hashable {
    package let key: String
    package let provider: String
    package let properties: TemplateExpression
}

/// A question about an account, answered by the `cdk` CLI's context providers.
package struct ContextQuery {
    /// The provider's name in the CLI.
    package let provider: String
    /// What is asked, apart from account and region.
    package let properties: [TemplateExpression.Member]
    /// Stands in for the answer until the CLI has found it.
    package let placeholder: TemplateExpression

    package init(provider: String, properties: [TemplateExpression.Member], placeholder: TemplateExpression) {
        self.provider = provider
        self.properties = properties
        self.placeholder = placeholder
    }

    package static let availabilityZones = ContextQuery(
        provider: "availability-zones", properties: [], placeholder: ["dummy1a", "dummy1b", "dummy1c"])

    /// The answer from the application's context, or the placeholder, having asked the CLI for it.
    package func answer(for scope: any Scope) -> TemplateExpression {
        let stack = Stack.of(scope)
        guard let environment = stack.environment else {
            scope.node.addError(
                "The look-up '\(provider)' needs to know account and region: "
                    + "give the stack '\(stack.stackName)' an environment.")
            return placeholder
        }
        let all =
            [
                TemplateExpression.Member("account", .string(environment.account)),
                TemplateExpression.Member("region", .string(environment.region)),
            ] + properties
        let key = "\(provider):" + Self.flatten(all, prefix: "").joined(separator: ":")
        guard let app = scope.node.scopes.first?.construct as? App else { return placeholder }
        guard let answer = app.context[key] else {
            let role = TemplateExpression.Member("lookupRoleArn", .string(BootstrapResources(of: stack).role("lookup")))
            app.reportMissing(MissingContext(key: key, provider: provider, properties: .object(all + [role])))
            return placeholder
        }
        if let problem = answer["$providerError"] {
            scope.node.addError(
                "The look-up '\(provider)' failed: \(problem.stringLiteral ?? "no reason was given"). "
                    + "Mend the cause and run again; nothing was remembered of it.")
            return placeholder
        }
        return answer
    }

    // The CLI stores answers under these keys in cdk.context.json, so their form is fixed: name=value, sorted,
    // nested names with dots, colons in values escaped.
    private static func flatten(_ members: [TemplateExpression.Member], prefix: String) -> [String] {
        members.sorted { $0.name < $1.name }.flatMap { member -> [String] in
            switch member.value {
            case .object(let inner): flatten(inner, prefix: "\(prefix)\(member.name).")
            case .boolean(let flag): ["\(prefix)\(member.name)=\(flag)"]
            case .integer(let number): ["\(prefix)\(member.name)=\(number)"]
            case .string(let text): ["\(prefix)\(member.name)=\(escaped(text))"]
            default: []
            }
        }
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "$": result += "$$"
            case ":": result += "$:"
            default: result.append(character)
            }
        }
    }
}
