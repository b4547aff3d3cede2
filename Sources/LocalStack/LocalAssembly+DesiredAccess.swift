// SPDX-License-Identifier: Apache-2.0

import AuroraFunctions
import AuroraResources
import CloudFormation
public import DatabaseAccess

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension LocalAssembly {
    /// The access that a stack declares.
    ///
    /// - Parameter stack: Its name; may be left out where only one declares an Aurora.
    /// - Returns: The stack's name, and what its database's resource declares.
    /// - Throws: ``LocalStackError``.
    public func desiredAccess(ofStack stack: String?) throws -> (stack: String, desired: DesiredAccess) {
        let template = try template(named: stack)
        guard let resource = template.resources(ofType: CustomResourceTypes.database).first else {
            throw LocalStackError.noAurora(stack: template.stack)
        }
        // What the database's resource says of access does not depend on where it is deployed.
        let names = DatabaseProperties.CodingKeys.self
        let known = [names.databaseName, names.schemas, names.users, names.creators, names.accessMode].map(\.rawValue)
        let properties = resource.properties.members.filter { known.contains($0.name) }
        let evaluator = TemplateEvaluator(template: template, host: LocalStack.host, port: 0)
        let json = try JSONWriter.compact(try evaluator.evaluate(.object(properties), of: resource.logicalID))
        let declared = try JSONDecoder().decode(DatabaseProperties.self, from: Data(json.utf8))
        return (template.stack, DesiredAccess(declared))
    }

    /// The names of the secrets that a stack's users log in with, wherever it runs.
    ///
    /// - Parameter stack: The stack's name; may be left out where only one declares an Aurora.
    /// - Returns: The manager's secret, and those of the users, without those that only the proxy reads.
    /// - Throws: ``LocalStackError``.
    public func secretNames(ofStack stack: String?) throws -> (manager: String, users: [String]) {
        let template = try template(named: stack)
        let evaluator = TemplateEvaluator(template: template, host: LocalStack.host, port: 0)
        let manager = try LocalStack.managerSecret(evaluator)
        let users = try template.resources(ofType: CustomResourceTypes.user).compactMap {
            try evaluator.text($0.properties[UserProperties.CodingKeys.userSecretArn.rawValue], of: $0.logicalID)
        }
        func name(_ arn: String) -> String { String(arn.split(separator: ":").last ?? "") }
        return (name(manager), users.map(name))
    }
}
