// SPDX-License-Identifier: Apache-2.0

public import CDK
public import CloudFormation
public import Constructs

/// The processor a function runs on.
public enum Architecture: String, Hashable, Sendable {
    case arm64
    // AWS's own spelling.
    // swift-format-ignore: AlwaysUseLowerCamelCase
    case x86_64
}

/// A function of AWS Lambda, with a role, a log group and, in a network, a security group of its own.
public final class Function: Construct, Connectable {
    /// What the function may do.
    public let role: Role
    /// Its security groups and the port it listens on.
    public let connections: Connections

    private let resource: Cfn<Lambda.Function>

    /// Declares a function that brings its own runtime, as compiled programs do.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name within `scope`.
    ///   - code: The files; among them an executable `bootstrap`.
    ///   - handler: What the program is asked to do, in the environment variable `_HANDLER`.
    ///   - architecture: The processor the program was built for.
    ///   - vpc: The network it runs in; none where it only calls AWS.
    ///   - vpcSubnets: Its subnets there. A function has no public address, so public ones leave it without internet.
    ///   - timeout: At most 15 minutes, in whole seconds.
    ///   - memorySize: In MiB, 128 to 10,240; the processor's share grows with it.
    ///   - environment: Environment variables.
    ///   - environmentEncryption: The key that they are encrypted with; Lambda's own where `nil`.
    ///   - logRetentionInDays: How long its logs are kept.
    ///   - logRemovalPolicy: What becomes of its logs with the stack.
    public init(
        _ scope: any Scope, _ id: String, code: FileAsset, handler: String, architecture: Architecture, vpc: Vpc? = nil,
        vpcSubnets: SubnetSelection = .init(), timeout: Duration, memorySize: Int,
        environment: [String: Value<String>] = [:], environmentEncryption: Key? = nil, logRetentionInDays: Int,
        logRemovalPolicy: RemovalPolicy
    ) {
        let node = Node(scope, id)
        role = Role(node, "ServiceRole", assumedBy: .service("lambda.amazonaws.com"))
        let logs = LogGroup(node, "LogGroup", retentionInDays: logRetentionInDays, removalPolicy: logRemovalPolicy)
        let groups = vpc.map { vpc in
            let text = "Automatic security group for Lambda Function \(node.uniqueID)"
            return [SecurityGroup(node, "SecurityGroup", vpc: vpc, description: String(text.prefix(255)))]
        }
        connections = Connections(securityGroups: groups ?? [])
        let selected = vpc?.selectSubnets(vpcSubnets)
        let location = Stack.of(node).add(code)
        resource = Cfn(
            node, "Resource",
            .init(
                code: .init(s3Bucket: location.bucket, s3Key: location.key), role: role.roleArn,
                architectures: [Value(architecture.rawValue)],
                environment: environment.isEmpty ? nil : .init(variables: environment.mapValues(\.expression)),
                handler: Value(handler),
                kmsKeyArn: environment.isEmpty ? nil : environmentEncryption?.keyArn,
                loggingConfig: .init(logGroup: logs.logGroupName), memorySize: Value(memorySize),
                runtime: "provided.al2023", timeout: Value(Int(timeout.components.seconds)),
                tracingConfig: .init(mode: "Active"),
                vpcConfig: groups.map {
                    .init(securityGroupIds: $0.map(\.securityGroupId), subnetIds: selected?.subnetIds)
                }))
        super.init(at: node)
        // The role must have its permissions, and the network its routes, before the function first runs.
        resource.node.addDependency(role)
        if let selected { resource.node.addDependency(selected.internetConnectivityEstablished) }
        grantBasics(logs, inNetwork: vpc != nil)
        if selected?.hasPublic == true {
            node.addError(
                "The function is placed in public subnets, where it would have no way to the internet: "
                    + "choose private subnets for it.")
        }
    }

    /// What every function needs: its log events, its traces and its network interfaces.
    private func grantBasics(_ logs: LogGroup, inNetwork: Bool) {
        role.addToPolicy(
            PolicyStatement(
                actions: ["logs:CreateLogStream", "logs:PutLogEvents"], resources: [logs.logGroupArn]))
        // Neither service knows resources for these calls (Service Authorization Reference).
        role.addToPolicy(
            PolicyStatement(actions: ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources: ["*"]))
        guard inNetwork else { return }
        // What only looks knows no resource; what changes is allowed for all ids (AWS Lambda Developer Guide, "Giving
        // Lambda functions access to resources in an Amazon VPC").
        let stack = Stack.of(node)
        role.addToPolicy(
            PolicyStatement(actions: ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"], resources: ["*"]))
        role.addToPolicy(
            PolicyStatement(
                actions: [
                    "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface",
                    "ec2:UnassignPrivateIpAddresses",
                ], resources: ["arn:\(stack.partition):ec2:\(stack.region):\(stack.account):*/*"]))
    }

    /// The function's ARN.
    public var functionArn: Value<String> { resource.attributes.arn }
    /// The function's name.
    public var functionName: Value<String> { resource.ref }

    /// Lets a service call the function.
    ///
    /// - Parameters:
    ///   - id: A name for the permission within this function.
    ///   - service: Such as `secretsmanager.amazonaws.com`.
    ///   - sourceAccount: The account whose calls are accepted, so that another one cannot have them made.
    public func addPermission(_ id: String, service: String, sourceAccount: Value<String>) {
        _ = Cfn<Lambda.Permission>(
            self, id,
            .init(
                action: "lambda:InvokeFunction", functionName: functionArn, principal: Value(service),
                sourceAccount: sourceAccount))
    }
}
