// SPDX-License-Identifier: Apache-2.0

public import CDK
public import CloudFormation
public import Constructs

/// A secret of AWS Secrets Manager.
public final class Secret: Construct {
    /// How a secret's first password is made (Secrets Manager API Reference, `GetRandomPassword`).
    public struct Generation: Sendable {
        /// How many characters, 1 to 4,096.
        public var passwordLength: Int
        /// Characters that must not occur in it.
        public var excludeCharacters: String
        /// The other members, as the text of a JSON object.
        public var template: Value<String>

        /// Describes a password.
        public init(passwordLength: Int, excludeCharacters: String, template: Value<String>) {
            self.passwordLength = passwordLength
            self.excludeCharacters = excludeCharacters
            self.template = template
        }
    }

    /// The key it is encrypted with.
    public let encryptionKey: Key?

    private let resource: Cfn<SecretsManager.Secret>

    /// Declares a secret.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name within `scope`.
    ///   - secretName: The name people find it by, at most 512 characters.
    ///   - encryptionKey: The key it is encrypted with; Secrets Manager's own where `nil`.
    ///   - description: What it is for.
    ///   - generation: How its first value is made.
    ///   - removalPolicy: What becomes of it with the stack.
    public init(
        _ scope: any Scope, _ id: String, secretName: String? = nil, encryptionKey: Key? = nil,
        description: Value<String>? = nil, generation: Generation, removalPolicy: RemovalPolicy = .destroy
    ) {
        let node = Node(scope, id)
        self.encryptionKey = encryptionKey
        resource = Cfn(
            node, "Resource",
            .init(
                description: description,
                generateSecretString: .init(
                    excludeCharacters: Value(generation.excludeCharacters), generateStringKey: "password",
                    passwordLength: Value(generation.passwordLength), secretStringTemplate: generation.template),
                kmsKeyId: encryptionKey?.keyArn, name: secretName.map { Value($0) }))
        resource.removalPolicy = removalPolicy
        super.init(at: node)
        if let secretName, secretName.utf8.count > 512 {
            node.addError("The secret's name has \(secretName.utf8.count) characters; 512 are allowed: shorten it.")
        }
        allowUseOfKey()
    }

    private var service: Value<String> { "secretsmanager.\(Stack.of(self).region).amazonaws.com" }

    private func allowUseOfKey() {
        guard let encryptionKey else { return }
        let stack = Stack.of(self)
        let account = Principal.account(stack.account, partition: stack.partition)
        encryptionKey.grant(
            via: service, to: account,
            actions: ["kms:Decrypt", "kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*"])
        encryptionKey.grant(via: service, to: account, actions: ["kms:CreateGrant", "kms:DescribeKey"])
    }

    /// The secret's ARN.
    public var secretArn: Value<String> { resource.ref }

    /// One member of the secret's value, looked up by CloudFormation when it deploys (dynamic reference).
    public func secretValue(fromJSON key: String) -> Value<String> {
        "{{resolve:secretsmanager:\(secretArn):SecretString:\(key)::}}"
    }

    /// Completes the secret with where a database is: host, port and engine.
    ///
    /// - Parameter clusterIdentifier: The database cluster.
    /// - Returns: What names the secret where the completed value is needed.
    public func attach(toCluster clusterIdentifier: Value<String>) -> SecretAttachment {
        SecretAttachment(self, "Attachment", secret: self, clusterIdentifier: clusterIdentifier)
    }

    /// Lets a role read the secret.
    public func grantRead(to role: Role) {
        role.addToPolicy(
            PolicyStatement(
                actions: ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], resources: [secretArn]))
        encryptionKey?.grant(via: service, to: role.principal, actions: ["kms:Decrypt"])
    }
}

/// A secret that is completed with where its database is: host, port and engine.
public final class SecretAttachment: Construct {
    /// The secret's ARN, to be used where the completed value is needed.
    public let secretArn: Value<String>

    init(_ scope: any Scope, _ id: String, secret: Secret, clusterIdentifier: Value<String>) {
        let node = Node(scope, id)
        let attachment = Cfn<SecretsManager.SecretTargetAttachment>(
            node, "Resource",
            .init(secretId: secret.secretArn, targetId: clusterIdentifier, targetType: "AWS::RDS::DBCluster"))
        secretArn = attachment.ref
        super.init(at: node)
    }
}

/// When a secret is rotated, and by which function.
public final class RotationSchedule: Construct {
    /// Declares a schedule. Creating or changing one rotates the secret at once, unless told otherwise.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name within `scope`.
    ///   - secret: The secret's ARN.
    ///   - function: The rotation function.
    ///   - automaticallyAfterDays: How often, 1 to 1,000 days.
    ///   - rotateImmediatelyOnUpdate: Whether a change of the schedule rotates at once; `nil` leaves it to AWS, which does.
    public init(
        _ scope: any Scope, _ id: String, secret: Value<String>, function: Function, automaticallyAfterDays: Int,
        rotateImmediatelyOnUpdate: Bool? = nil
    ) {
        let node = Node(scope, id)
        _ = Cfn<SecretsManager.RotationSchedule>(
            node, "Resource",
            .init(
                secretId: secret, rotateImmediatelyOnUpdate: rotateImmediatelyOnUpdate.map { Value($0) },
                rotationLambdaARN: function.functionArn,
                rotationRules: .init(
                    scheduleExpression: Value(
                        "rate(\(automaticallyAfterDays) day\(automaticallyAfterDays == 1 ? "" : "s"))"))))
        super.init(at: node)
    }
}

/// Refuses to delete a secret, which holds for everyone in the account until the policy is removed.
public final class SecretDeletionGuard: Construct {
    /// Declares the guard for a secret.
    public init(_ scope: any Scope, _ id: String, secret: Value<String>) {
        let node = Node(scope, id)
        let stack = Stack.of(node)
        let document = PolicyDocument(
            PolicyStatement(
                effect: .deny, principals: [.account(stack.account, partition: stack.partition)],
                actions: ["secretsmanager:DeleteSecret"], resources: ["*"]))
        _ = Cfn<SecretsManager.ResourcePolicy>(
            node, "Resource", .init(resourcePolicy: document.expression, secretId: secret))
        super.init(at: node)
    }
}
