// SPDX-License-Identifier: Apache-2.0

public import AWSAPI

/// Secrets in AWS Secrets Manager.
public struct SecretsManagerStore: SecretStore {
    private let api: SecretsManagerAPI

    /// Uses an API.
    public init(api: SecretsManagerAPI) {
        self.api = api
    }

    /// Reads a version by its label.
    public func value(of secretID: String, stage: String) async throws -> SecretVersion {
        try await read(secretID, versionID: nil, stage: stage)
    }

    /// Reads a version by its id and label.
    public func value(of secretID: String, versionID: String, stage: String) async throws -> SecretVersion {
        try await read(secretID, versionID: versionID, stage: stage)
    }

    private func read(_ secretID: String, versionID: String?, stage: String) async throws -> SecretVersion {
        do {
            let value = try await api.getSecretValue(secretID, versionID: versionID, versionStage: stage)
            guard let text = value.secretString else {
                throw SecretStoreError.notFound(secret: secretID, what: "text with the label \(stage)")
            }
            return SecretVersion(
                id: value.versionID, value: text, stages: Set(value.versionStages ?? []))
        } catch let error as AWSError where error.code == "ResourceNotFoundException" {
            throw SecretStoreError.notFound(secret: secretID, what: "version with the label \(stage)")
        }
    }

    /// Reads what is known about a secret.
    public func describe(_ secretID: String) async throws -> SecretDescription {
        let description = try await api.describeSecret(secretID)
        return SecretDescription(
            arn: description.arn, name: description.name, isRotationEnabled: description.rotationEnabled ?? false,
            stages: (description.versionIDsToStages ?? [:]).mapValues { Set($0) })
    }

    /// Writes a version.
    public func put(_ value: String, for secretID: String, versionID: String, stages: Set<String>) async throws {
        do {
            try await api.putSecretValue(secretID, token: versionID, secretString: value, stages: stages.sorted())
        } catch let error as AWSError where error.code == "ResourceExistsException" {
            throw SecretStoreError.versionExists(secret: secretID, versionID: versionID)
        }
    }

    /// Moves a label to a version.
    public func moveStage(
        _ stage: String, of secretID: String, to versionID: String?, from other: String?
    ) async throws {
        try await api.updateSecretVersionStage(secretID, stage: stage, moveTo: versionID, removeFrom: other)
    }

    /// Has Secrets Manager make a password.
    public func randomPassword(_ rules: PasswordRules) async throws -> String {
        try await api.getRandomPassword(length: rules.length, excludeCharacters: rules.excludeCharacters)
    }
}
