// SPDX-License-Identifier: Apache-2.0

import AWSAPI
import SecretStore

/// What a deployed stack offers to who wants to get to its database: of this project's stacks, and of the original's.
struct DeployedStack {
    let name: String
    let client: AWSClient
    private let resources: [CloudFormationAPI.Resource]
    private let outputs: [String: String]

    /// Reads a stack.
    ///
    /// - Throws: ``CommandError`` with what mends it.
    init(_ name: String, _ client: AWSClient) async throws {
        self.name = name
        self.client = client
        let api = CloudFormationAPI(client: client)
        (resources, outputs) = try await explainingAWSErrors(stack: name, region: client.region) {
            (try await api.resources(ofStack: name), try await api.outputs(ofStack: name))
        }
    }

    private func physicalIDs(ofType type: String) -> [String] {
        resources.filter { $0.type == type }.compactMap(\.physicalID)
    }

    /// The database, which is what its provisioning is called by.
    var databaseName: String? { physicalIDs(ofType: "Custom::AuroraDatabase").first }

    /// The jump box's group.
    func jumpBox() throws -> String {
        guard let group = physicalIDs(ofType: "AWS::AutoScaling::AutoScalingGroup").first else {
            throw CommandError(
                "The stack '\(name)' declares no jump box: add a JumpBox to it, in a configuration file 'jumpBox: true'."
            )
        }
        return group
    }

    /// The secrets by which users log in, without those that only the proxy reads.
    private var secrets: [(name: String, arn: String)] {
        physicalIDs(ofType: "AWS::SecretsManager::Secret").map { arn in
            // arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-RANDOM, the last part of six characters.
            let last = arn.split(separator: ":").last.map(String.init) ?? arn
            return (last.split(separator: "-").count > 1 ? String(last.dropLast(7)) : last, arn)
        }.filter { !$0.name.hasSuffix("ProxyUser") && !$0.name.hasSuffix("ProxyClone") }
    }

    /// The credentials of a user, named as its secret ends.
    func credentials(of user: String) async throws -> DatabaseCredentials {
        let word = user.lowercased().filter { $0 != "_" && $0 != "-" }
        let found = secrets.filter { $0.name.lowercased().hasSuffix(word) }
        guard found.count == 1 else {
            let names = secrets.map(\.name).sorted().joined(separator: ", ")
            throw CommandError(
                found.isEmpty
                    ? "The stack '\(name)' has no user '\(user)': its secrets are \(names)."
                    : "'\(user)' may be several of the stack's users: its secrets are \(names).")
        }
        let store = SecretsManagerStore(api: SecretsManagerAPI(client: client))
        return try await explainingAWSErrors(stack: name, region: client.region) {
            try await store.credentials(of: found[0].arn)
        }
    }

    /// The cluster's reader endpoint, from the stack's outputs.
    func readerEndpoint() throws -> (host: String, port: Int) {
        guard let address = outputs.first(where: { $0.key.contains("ReadEndpoint") })?.value,
            let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...])
        else { throw CommandError("The stack '\(name)' has no output with its reader endpoint: deploy it again.") }
        return (String(address[..<colon]), port)
    }
}
