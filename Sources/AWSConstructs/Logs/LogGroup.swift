// SPDX-License-Identifier: Apache-2.0

public import CDK
public import CloudFormation
public import Constructs

/// How long CloudWatch Logs keeps events, in days; only some numbers are possible.
public struct LogRetention: Hashable, Sendable {
    /// The numbers that CloudWatch Logs accepts (its API Reference, `PutRetentionPolicy`).
    public static let allowedDays = [
        1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
    ]

    /// The number of days.
    public let days: Int

    /// Takes a number of days; one that CloudWatch does not accept gives `nil`.
    public init?(days: Int) {
        guard Self.allowedDays.contains(days) else { return nil }
        self.days = days
    }

    /// What to say of a number that is not accepted.
    public static func message(_ property: String, _ days: Int) -> String {
        "\(property) is \(days) days, which CloudWatch Logs does not offer: choose one of "
            + allowedDays.map(String.init).joined(separator: ", ") + "."
    }
}

/// A place for log events in CloudWatch Logs.
public final class LogGroup: Construct {
    private let resource: Cfn<Logs.LogGroup>

    /// Declares a log group.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name within `scope`.
    ///   - retentionInDays: How long events are kept, one of ``LogRetention/allowedDays``.
    ///   - logGroupName: A name of one's own; made by CloudFormation where `nil`.
    ///   - removalPolicy: What becomes of it with the stack.
    public init(
        _ scope: any Scope, _ id: String, retentionInDays: Int, logGroupName: Value<String>? = nil,
        removalPolicy: RemovalPolicy = .retain
    ) {
        let node = Node(scope, id)
        resource = Cfn(
            node, "Resource", .init(logGroupName: logGroupName, retentionInDays: Value(retentionInDays)))
        resource.removalPolicy = removalPolicy
        super.init(at: node)
        if LogRetention(days: retentionInDays) == nil {
            node.addError(LogRetention.message("The retention", retentionInDays))
        }
    }

    /// The group's name.
    public var logGroupName: Value<String> { resource.ref }
    /// The group's ARN, which ends in `:*`.
    public var logGroupArn: Value<String> { resource.attributes.arn }
}
