// SPDX-License-Identifier: Apache-2.0

import AWSAPI
import AuroraFunctions
import AuroraResources
import HTTP
import LambdaRuntime
import Logging
import SecretStore

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The functions' program: it does what the function's handler says.
@main
struct Bootstrap {
    static func main() async {
        let variables = ProcessInfo.processInfo.environment
        LoggingSystem.bootstrap { _ in JSONLogHandler() }
        let logger = Logger(label: "aurora")
        let http = CurlClient()
        guard let api = variables["AWS_LAMBDA_RUNTIME_API"] else {
            logger.critical("AWS_LAMBDA_RUNTIME_API is not set: this program runs in AWS Lambda, as provided.al2023")
            exit(1)
        }
        let loop = LambdaRuntimeLoop(api: api, http: http, logger: logger)
        do {
            let name = variables["_HANDLER"] ?? ""
            guard let handler = HandlerName(rawValue: name) else { throw FunctionError.unknownHandler(name) }
            let client = try AWSClient(http: http, environment: variables)
            let store = SecretsManagerStore(api: SecretsManagerAPI(client: client))
            let delivery = ResponseDelivery(http: http)
            try await loop.run { event, context in
                let environment = FunctionEnvironment(
                    variables: variables, secrets: store, aws: client, logger: context.logger)
                try await environment.handle(handler, event, until: context.deadline) {
                    try await delivery.deliver($0, to: event)
                }
                return Array("{}".utf8)
            }
        } catch {
            logger.critical("\(error)")
            await loop.reportInitializationError(error)
            exit(1)
        }
    }
}
