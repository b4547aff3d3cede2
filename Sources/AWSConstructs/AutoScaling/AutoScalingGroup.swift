// SPDX-License-Identifier: Apache-2.0

import CDK
public import CloudFormation
public import Constructs

/// A number of equal machines: an EC2 Auto Scaling group with its launch template.
public final class AutoScalingGroup: Construct, Connectable {
    /// What the machines may do.
    public let role: Role
    /// Its security groups and the port it listens on.
    public let connections: Connections

    private let group: Cfn<AutoScaling.AutoScalingGroup>

    /// Declares a group of machines that run Amazon Linux 2023, with encrypted disks and IMDSv2 only.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name within `scope`.
    ///   - autoScalingGroupName: Its name in EC2 Auto Scaling, at most 255 characters.
    ///   - instanceType: The machines' size.
    ///   - minimum: How many there are at least.
    ///   - maximum: How many there are at most.
    ///   - vpc: The network.
    ///   - vpcSubnets: Where in it.
    ///   - keyName: The key pair for SSH; none where `nil`.
    ///   - managedPolicies: ARNs of policies of the role.
    public init(
        _ scope: any Scope, _ id: String, autoScalingGroupName: String, instanceType: InstanceType, minimum: Int,
        maximum: Int, vpc: Vpc, vpcSubnets: SubnetSelection = .init(), keyName: Value<String>? = nil,
        managedPolicies: [Value<String>] = []
    ) {
        let node = Node(scope, id)
        let securityGroup = SecurityGroup(node, "SecurityGroup", vpc: vpc)
        connections = Connections(securityGroups: [securityGroup])
        role = Role(
            node, "InstanceRole", assumedBy: .service("ec2.amazonaws.com"), managedPolicies: managedPolicies)
        let profile = Cfn<IAM.InstanceProfile>(node, "InstanceProfile", .init(roles: [role.roleName]))
        let template = Cfn<EC2.LaunchTemplate>(
            node, "LaunchTemplate",
            .init(
                launchTemplateData: .init(
                    blockDeviceMappings: [
                        .init(deviceName: "/dev/xvda", ebs: .init(encrypted: true, volumeType: "gp3"))
                    ],
                    iamInstanceProfile: .init(arn: profile.attributes.arn),
                    // Looked up by CloudFormation at each deployment (Systems Manager User Guide, "Calling AMI public
                    // parameters").
                    imageId: Value(
                        "{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-\(instanceType.architecture.rawValue)}}"
                    ),
                    instanceType: Value(instanceType.description), keyName: keyName,
                    metadataOptions: .init(httpTokens: "required"),
                    securityGroupIds: [securityGroup.securityGroupId])))
        let selected = vpc.selectSubnets(vpcSubnets)
        group = Cfn<AutoScaling.AutoScalingGroup>(
            node, "Resource",
            .init(
                maxSize: Value(String(maximum)), minSize: Value(String(minimum)),
                autoScalingGroupName: Value(autoScalingGroupName),
                launchTemplate: .init(
                    version: template.attributes.latestVersionNumber, launchTemplateId: template.ref),
                tags: [.init(key: "Name", propagateAtLaunch: true, value: Value(node.path))],
                vpcZoneIdentifier: selected.subnetIds))
        super.init(at: node)
        group.node.addDependency(selected.internetConnectivityEstablished)
        if autoScalingGroupName.utf8.count > 255 {
            node.addError(
                "The group's name has \(autoScalingGroupName.utf8.count) characters; 255 are allowed: shorten it.")
        }
    }

    /// The group's name.
    public var autoScalingGroupName: Value<String> { group.ref }
}
