// SPDX-License-Identifier: Apache-2.0

import AWSConstructs
import AuroraResources
import Constructs

/// The names of what belongs to an Aurora.
struct AuroraNames {
    let id: Namer
    let secretPrefix: Namer?

    /// A database user's name: `aurora_demo_reader`.
    func username(_ user: Namer) -> String { id.addSuffix(user).snake }

    /// A secret's name: `AuroraDemoReader`, with the prefix before it.
    func secret(_ user: Namer) -> String {
        let name = id.addSuffix(user)
        return (secretPrefix.map { name.addPrefix($0) } ?? name).pascal
    }

    /// Makes a user's secrets.
    func makeUser(
        _ node: Node, _ declaration: AuroraProperties.User, key: Key, cluster: DatabaseCluster, forProxy: Bool
    ) -> Aurora.User {
        let username = username(declaration.name)
        let id = declaration.name.pascal
        let attachments = DependencyGroup()
        func make(_ suffix: String, _ username: String) -> Secret {
            let secret = Secret.databaseCredentials(
                node, id + suffix, username: username, secretName: secret(declaration.name) + suffix,
                encryptionKey: key, masterSecretArn: cluster.secretAttachment.secretArn)
            attachments.add(secret.attach(toCluster: cluster.clusterIdentifier))
            return secret
        }
        let proxySecrets =
            forProxy
            ? Aurora.User.ProxySecrets(
                user: make("ProxyUser", username), clone: make("ProxyClone", username + UserProperties.cloneSuffix))
            : nil
        return Aurora.User(
            declaration: declaration, username: username, secret: make("", username), proxySecrets: proxySecrets,
            attachments: attachments)
    }
}
