// SPDX-License-Identifier: Apache-2.0
// swift-format-ignore-file: AlwaysUseLowerCamelCase
// The wire's own names, for types that are nothing but the wire's form.

/// The operations of AWS Secrets Manager in use (its API Reference).
public struct SecretsManagerAPI: Sendable {
    private let client: AWSClient

    /// Uses a client.
    public init(client: AWSClient) {
        self.client = client
    }

    /// A version of a secret.
    public struct Value: Decodable, Sendable {
        /// The secret's ARN.
        public let arn: String
        /// The secret's name.
        public let name: String
        /// The version.
        public let versionID: String
        /// What is secret.
        public let secretString: String?
        /// The version's labels.
        public let versionStages: [String]?

        enum CodingKeys: String, CodingKey {
            case arn = "ARN"
            case name = "Name"
            case versionID = "VersionId"
            case secretString = "SecretString"
            case versionStages = "VersionStages"
        }
    }

    /// What is known about a secret apart from its value.
    public struct Description: Decodable, Sendable {
        /// The secret's ARN.
        public let arn: String
        /// The secret's name.
        public let name: String
        /// Whether it has a rotation schedule.
        public let rotationEnabled: Bool?
        /// The labels of each version.
        public let versionIDsToStages: [String: [String]]?

        enum CodingKeys: String, CodingKey {
            case arn = "ARN"
            case name = "Name"
            case rotationEnabled = "RotationEnabled"
            case versionIDsToStages = "VersionIdsToStages"
        }
    }

    private func call<Input: Encodable, Output: Decodable>(
        _ operation: String, _ input: Input, as output: Output.Type = Output.self
    ) async throws -> Output {
        try await client.json(
            "secretsmanager", variable: "SECRETS_MANAGER", target: "secretsmanager.\(operation)", input)
    }

    private struct Nothing: Decodable {}

    /// Reads a version; the current one where neither version nor label is given.
    public func getSecretValue(
        _ secretID: String, versionID: String? = nil, versionStage: String? = nil
    ) async throws -> Value {
        struct Input: Encodable {
            let SecretId: String
            let VersionId: String?
            let VersionStage: String?
        }
        return try await call(
            "GetSecretValue", Input(SecretId: secretID, VersionId: versionID, VersionStage: versionStage))
    }

    /// Reads what is known about a secret.
    public func describeSecret(_ secretID: String) async throws -> Description {
        struct Input: Encodable { let SecretId: String }
        return try await call("DescribeSecret", Input(SecretId: secretID))
    }

    /// Writes a version.
    public func putSecretValue(
        _ secretID: String, token: String, secretString: String, stages: [String]
    ) async throws {
        struct Input: Encodable {
            let SecretId: String
            let ClientRequestToken: String
            let SecretString: String
            let VersionStages: [String]
        }
        let input = Input(
            SecretId: secretID, ClientRequestToken: token, SecretString: secretString, VersionStages: stages)
        _ = try await call("PutSecretValue", input, as: Nothing.self)
    }

    /// Moves a label from a version to another one.
    public func updateSecretVersionStage(
        _ secretID: String, stage: String, moveTo: String?, removeFrom: String?
    ) async throws {
        struct Input: Encodable {
            let SecretId: String
            let VersionStage: String
            let MoveToVersionId: String?
            let RemoveFromVersionId: String?
        }
        let input = Input(
            SecretId: secretID, VersionStage: stage, MoveToVersionId: moveTo, RemoveFromVersionId: removeFrom)
        _ = try await call("UpdateSecretVersionStage", input, as: Nothing.self)
    }

    /// Begins a rotation, which the secret's function goes through by itself.
    public func rotateSecret(_ secretID: String, token: String) async throws {
        struct Input: Encodable {
            let SecretId: String
            let ClientRequestToken: String
        }
        _ = try await call("RotateSecret", Input(SecretId: secretID, ClientRequestToken: token), as: Nothing.self)
    }

    /// Makes a password.
    public func getRandomPassword(length: Int, excludeCharacters: String) async throws -> String {
        struct Input: Encodable {
            let PasswordLength: Int
            let ExcludeCharacters: String
            let RequireEachIncludedType = true
        }
        struct Output: Decodable { let RandomPassword: String }
        let input = Input(PasswordLength: length, ExcludeCharacters: excludeCharacters)
        return try await call("GetRandomPassword", input, as: Output.self).RandomPassword
    }
}
