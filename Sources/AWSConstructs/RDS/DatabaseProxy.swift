// SPDX-License-Identifier: Apache-2.0

import CDK
public import CloudFormation
public import Constructs

/// A pool of connections in front of a cluster: RDS Proxy.
///
/// It admits exactly the users whose secrets it lists, each secret naming one user (Amazon Aurora User Guide,
/// "Setting up database credentials for RDS Proxy").
public final class DatabaseProxy: Construct, Connectable {
    /// The host name clients connect to.
    public let endpoint: Value<String>
    /// Its security groups and the port it listens on.
    public let connections: Connections

    private let resource: Cfn<RDS.DBProxy>

    /// Declares a proxy, which clients must reach with TLS.
    ///
    /// - Parameters:
    ///   - scope: What holds it.
    ///   - id: Its name within `scope`.
    ///   - cluster: What it stands before.
    ///   - secrets: The credentials of those it admits.
    ///   - proxyName: Its name in RDS: letters, digits and hyphens, at most 60.
    ///   - vpc: The network.
    ///   - vpcSubnets: Where in it.
    ///   - securityGroups: The firewalls around it.
    public init(
        _ scope: any Scope, _ id: String, cluster: DatabaseCluster, secrets: [Secret], proxyName: String, vpc: Vpc,
        vpcSubnets: SubnetSelection = .init(), securityGroups: [SecurityGroup]
    ) {
        let node = Node(scope, id)
        let role = Role(node, "IAMRole", assumedBy: .service("rds.amazonaws.com"))
        for secret in secrets {
            secret.grantRead(to: role)
            secret.encryptionKey?.grantDecrypt(to: role)
        }
        connections = Connections(securityGroups: securityGroups, defaultPort: .tcp(5432))
        let proxy = Cfn<RDS.DBProxy>(
            node, "Resource",
            .init(
                dbProxyName: Value(proxyName), engineFamily: "POSTGRESQL", roleArn: role.roleArn,
                vpcSubnetIds: vpc.selectSubnets(vpcSubnets).subnetIds,
                auth: secrets.map { .init(authScheme: "SECRETS", iamAuth: "DISABLED", secretArn: $0.secretArn) },
                requireTLS: true, vpcSecurityGroupIds: securityGroups.map(\.securityGroupId)))
        resource = proxy
        endpoint = proxy.attributes.endpoint
        let targets = Cfn<RDS.DBProxyTargetGroup>(
            node, "ProxyTargetGroup",
            .init(
                dbProxyName: proxy.ref, targetGroupName: "default", connectionPoolConfigurationInfo: .init(),
                dbClusterIdentifiers: [cluster.clusterIdentifier]))
        super.init(at: node)
        for target in cluster.proxyTargets { targets.addDependency(on: target) }
        cluster.connections.allowDefaultPort(
            from: self, description: "Allow connections to the database Cluster from the Proxy")
        // Amazon RDS API Reference, `CreateDBProxy`.
        if proxyName.utf8.count > 60 {
            node.addError("The proxy's name '\(proxyName)' has \(proxyName.utf8.count) characters; RDS allows 60.")
        }
    }

    /// Makes the proxy wait until its secrets say who may log in; its role does not wait.
    public func admit(after ready: any Dependable) {
        resource.node.addDependency(ready)
    }
}
