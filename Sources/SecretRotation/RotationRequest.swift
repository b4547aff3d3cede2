// SPDX-License-Identifier: Apache-2.0

public import SecretStore

/// The steps of a rotation, in their order (AWS Secrets Manager User Guide, "Lambda rotation functions").
public enum RotationStep: String, Codable, Hashable, Sendable, CaseIterable {
    /// Makes the new value, labelled `AWSPENDING`.
    case createSecret
    /// Tells the database.
    case setSecret
    /// Logs in with the new value.
    case testSecret
    /// Makes the new value the current one.
    case finishSecret
}

/// What Secrets Manager asks of a rotation function.
public struct RotationRequest: Codable, Hashable, Sendable {
    /// The secret's ARN, or its name.
    public let secretID: String
    /// The id of the version that becomes the new one.
    public let versionID: String
    /// Which step is to be taken.
    public let step: RotationStep

    /// Describes a request.
    public init(secretID: String, versionID: String, step: RotationStep) {
        self.secretID = secretID
        self.versionID = versionID
        self.step = step
    }

    enum CodingKeys: String, CodingKey {
        case secretID = "SecretId"
        case versionID = "ClientRequestToken"
        case step = "Step"
    }

    /// What a secret's labels say to this request.
    ///
    /// - Parameter secret: What is known about the secret.
    /// - Returns: Whether the step has to be taken, or everything is done already.
    /// - Throws: ``RotationRefusal`` where the step must not be taken; no label may be changed then.
    public func admission(to secret: SecretDescription) throws(RotationRefusal) -> RotationAdmission {
        guard secret.isRotationEnabled else { throw .disabled(secret: secretID) }
        guard let stages = secret.stages[versionID] else {
            throw .unknownVersion(secret: secretID, versionID: versionID)
        }
        if stages.contains(VersionStage.current) { return .alreadyCurrent }
        guard stages.contains(VersionStage.pending) else {
            throw .notPending(secret: secretID, versionID: versionID)
        }
        return .proceed
    }
}

/// Whether a step has to be taken.
public enum RotationAdmission: Hashable, Sendable {
    /// It has to be taken.
    case proceed
    /// The version is current already: a request that was answered before came again.
    case alreadyCurrent
}
