// SPDX-License-Identifier: Apache-2.0

import AuroraResources
import CloudFormation
import SecretStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension LocalStack {
    /// The secret from which the cluster takes its master user's password.
    static func managerSecret(_ evaluator: TemplateEvaluator) throws -> String {
        guard let cluster = evaluator.template.resources(ofType: "AWS::RDS::DBCluster").first else {
            throw LocalStackError.noAurora(stack: evaluator.template.stack)
        }
        let reference = try evaluator.text(cluster.properties["MasterUserPassword"], of: cluster.logicalID) ?? ""
        let start = "{{resolve:secretsmanager:"
        guard reference.hasPrefix(start), let end = reference.firstRange(of: ":SecretString:") else {
            throw LocalStackError.unsupported(
                resource: cluster.logicalID, what: "a MasterUserPassword that is not taken from a secret")
        }
        return String(reference[..<end.lowerBound].dropFirst(start.count))
    }

    func databaseName(_ evaluator: TemplateEvaluator) throws -> String {
        let database = evaluator.template.resources(ofType: CustomResourceTypes.database).first
        return try evaluator.text(
            database?.properties[DatabaseProperties.CodingKeys.databaseName.rawValue], of: database?.logicalID ?? "")
            ?? ""
    }

    /// Makes the secrets that are missing, as `GenerateSecretString` says.
    func makeSecrets(_ evaluator: TemplateEvaluator) async throws -> [String] {
        var made: [String] = []
        for resource in evaluator.template.resources(ofType: "AWS::SecretsManager::Secret") {
            let id = resource.logicalID
            let secretName = try evaluator.secretName(resource)
            guard !secrets.contains(secretName) else { continue }
            guard let generation = resource.properties["GenerateSecretString"],
                let template = try evaluator.text(generation["SecretStringTemplate"], of: id),
                let key = try evaluator.text(generation["GenerateStringKey"], of: id),
                case .object(var members)? = try? TemplateExpression.parse(json: Data(template.utf8))
            else {
                throw LocalStackError.unsupported(resource: id, what: "a secret without GenerateSecretString")
            }
            var rules = PasswordRules()
            if let length = try evaluator.text(generation["PasswordLength"], of: id).flatMap({ Int($0) }) {
                rules.length = length
            }
            rules.excludeCharacters = try evaluator.text(generation["ExcludeCharacters"], of: id) ?? ""
            members.append(.init(key, .string(try await secrets.randomPassword(rules))))
            try secrets.create(secretName, value: try JSONWriter.compact(.object(members)))
            made.append(secretName)
        }
        return made
    }

    /// Deletes the secrets that left the template, after the users that they belong to were disabled.
    func removeUndeclaredSecrets(_ evaluator: TemplateEvaluator) throws {
        let declared = try evaluator.template.resources(ofType: "AWS::SecretsManager::Secret")
            .map(evaluator.secretName)
        for name in try secrets.names where !declared.contains(name) { try secrets.delete(name) }
    }

    /// Completes secrets with where the database is, as their attachments say.
    func attachSecrets(_ evaluator: TemplateEvaluator) async throws {
        for resource in evaluator.template.resources(ofType: "AWS::SecretsManager::SecretTargetAttachment") {
            guard let arn = try evaluator.text(resource.properties["SecretId"], of: resource.logicalID) else {
                continue
            }
            var credentials = try await credentials(of: arn)
            let before = credentials
            credentials.host = Self.host
            credentials.port = evaluator.port
            credentials.engine = "postgres"
            credentials.dbClusterIdentifier = try evaluator.text(
                resource.properties["TargetId"], of: resource.logicalID)
            guard credentials != before else { continue }
            try await secrets.replaceCurrent(credentials.value, of: arn, versionID: UUID().uuidString)
        }
    }
}
