// SPDX-License-Identifier: Apache-2.0

import CloudFormation
import SecretStore

/// Works out what a template's expressions are on this machine.
struct TemplateEvaluator {
    let template: LocalTemplate
    let host: String
    let port: Int
    /// The proxy's host name, where something stands in for it; else its clients go to the server itself.
    var proxyHost: String?

    /// A property's value with all functions worked out.
    func evaluate(_ expression: TemplateExpression, of resource: String) throws -> TemplateExpression {
        switch expression {
        case .object(let members):
            if members.count == 1, let call = members.first, call.name == "Ref" || call.name.hasPrefix("Fn::") {
                return .string(try self.call(call.name, call.value, resource))
            }
            return .object(try members.map { .init($0.name, try evaluate($0.value, of: resource)) })
        case .list(let elements): return .list(try elements.map { try evaluate($0, of: resource) })
        // CloudFormation hands numbers and truth values to custom resources as text.
        case .boolean(let flag): return .string(flag ? "true" : "false")
        case .integer(let number): return .string(String(number))
        case .number(let number): return .string("\(number)")
        case .null, .string, .reference, .join: return expression
        }
    }

    /// A property's text.
    func text(_ expression: TemplateExpression?, of resource: String) throws -> String? {
        guard let expression else { return nil }
        let value = try evaluate(expression, of: resource)
        guard let text = value.stringLiteral else {
            throw LocalStackError.unsupported(resource: resource, what: "a list or an object where a text should be")
        }
        return text
    }

    private func call(_ name: String, _ argument: TemplateExpression, _ resource: String) throws -> String {
        switch name {
        case "Ref":
            if let id = argument.stringLiteral { return try reference(id, resource) }
        case "Fn::GetAtt":
            if let parts = argument.elements?.compactMap(\.stringLiteral), parts.count == 2 {
                return try attribute(parts[0], parts[1], resource)
            }
        case "Fn::Join":
            if let parts = argument.elements, parts.count == 2, let separator = parts[0].stringLiteral,
                let values = parts[1].elements
            {
                return try values.map { try text($0, of: resource) ?? "" }.joined(separator: separator)
            }
        default: break
        }
        throw LocalStackError.unsupported(resource: resource, what: name)
    }

    private func reference(_ id: String, _ resource: String) throws -> String {
        switch id {
        case "AWS::StackName": return template.stack
        case "AWS::Region": return "local"
        case "AWS::AccountId": return "000000000000"
        case "AWS::Partition": return "aws"
        case "AWS::URLSuffix": return "localhost"
        default: break
        }
        guard let target = template[id] else {
            throw LocalStackError.unsupported(resource: resource, what: "'\(id)', which the template does not declare")
        }
        switch target.type {
        case "AWS::SecretsManager::Secret": return FileSecretStore.arn(of: try secretName(target))
        case "AWS::SecretsManager::SecretTargetAttachment":
            return try text(target.properties["SecretId"], of: id) ?? ""
        case "AWS::RDS::DBCluster": return try text(target.properties["DBClusterIdentifier"], of: id) ?? id
        default: return id
        }
    }

    private func attribute(_ id: String, _ name: String, _ resource: String) throws -> String {
        switch (template[id]?.type, name) {
        case ("AWS::RDS::DBCluster", "Endpoint.Address"), ("AWS::RDS::DBCluster", "ReadEndpoint.Address"),
            ("AWS::RDS::DBProxy", "Endpoint") where proxyHost == nil:
            return host
        case ("AWS::RDS::DBProxy", "Endpoint"): return proxyHost ?? host
        case ("AWS::RDS::DBCluster", "Endpoint.Port"): return String(port)
        case (_?, "Arn"): return "arn:aws:local:\(id)"
        default: throw LocalStackError.unsupported(resource: resource, what: "the attribute \(name) of '\(id)'")
        }
    }

    /// The name of a secret: the one it was given, else the one in the template.
    func secretName(_ secret: LocalTemplate.Resource) throws -> String {
        try text(secret.properties["Name"], of: secret.logicalID) ?? secret.logicalID
    }

    /// What a function finds in its environment.
    func variables(of function: LocalTemplate.Resource) throws -> [String: String] {
        var variables: [String: String] = [:]
        for member in function.properties["Environment"]?["Variables"]?.members ?? [] {
            variables[member.name] = try text(member.value, of: function.logicalID)
        }
        return variables
    }

    /// The function behind a custom resource.
    func function(of resource: LocalTemplate.Resource) throws -> LocalTemplate.Resource {
        guard let target = resource.properties["ServiceToken"]?["Fn::GetAtt"]?.elements?.first?.stringLiteral,
            let function = template[target], function.type == "AWS::Lambda::Function"
        else {
            throw LocalStackError.unsupported(
                resource: resource.logicalID, what: "a ServiceToken that is no function of this template")
        }
        return function
    }
}
