// SPDX-License-Identifier: Apache-2.0

public import AuroraResources
public import LambdaRuntime

/// Fills the secrets by which the proxy admits both users of a pair, before the proxy lists them.
public struct ProxyCredentialsHandler: CustomResourceHandler {
    private let provisioner: UserProvisioner

    /// Makes the handler.
    ///
    /// - Parameters:
    ///   - environment: Where it runs.
    ///   - newVersionID: Makes ids for versions of secrets.
    public init(_ environment: FunctionEnvironment, newVersionID: @escaping @Sendable () -> String) {
        provisioner = UserProvisioner(environment: environment, newVersionID: newVersionID)
    }

    /// Makes the passwords in the secrets work; what the application's secret says of the proxy is left as it is.
    public func createOrUpdate(
        _ request: CustomResourceRequest<ProxyCredentialsProperties>
    ) async throws -> CustomResourceOutcome {
        let properties = request.properties
        return try await provisioner.provision(
            properties.userSecretArn, of: properties.username, proxyHost: .kept,
            proxyUser: properties.proxyUserSecretArn, proxyClone: properties.proxyCloneSecretArn)
    }

    /// Does nothing: the secrets are resources of the stack.
    public func delete(physicalResourceID: String, properties: ProxyCredentialsProperties?) async throws {}
}
