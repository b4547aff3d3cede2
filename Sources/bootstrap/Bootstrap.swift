// SPDX-License-Identifier: Apache-2.0

import AWSAPI
import AuroraFunctions
import AuroraResources
import Dispatch
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
        LoggingSystem.bootstrap { _ in JSONLogHandler(environment: variables) }
        let logger = Logger(label: "aurora")
        let http = CurlClient()
        guard let api = variables["AWS_LAMBDA_RUNTIME_API"] else {
            logger.critical("AWS_LAMBDA_RUNTIME_API is not set: this program runs in AWS Lambda, as provided.al2023")
            exit(1)
        }
        let loop = LambdaRuntimeLoop(api: api, http: http, logger: logger)
        let handler: InvocationHandler
        do {
            handler = try makeHandler(variables, http)
        } catch {
            logger.critical("\(error)")
            await loop.reportInitializationError(error)
            exit(1)
        }
        let running = Task { try await loop.run(handler) }
        let signals = endsOnSIGTERM(running, logger)
        defer { signals.cancel() }
        do {
            try await running.value
        } catch is CancellationError {
            logger.info("ended, as Lambda asked for it")
        } catch {
            logger.critical("\(error)")
            exit(1)
        }
    }

    private static func makeHandler(
        _ variables: [String: String], _ http: CurlClient
    ) throws -> InvocationHandler {
        let name = variables["_HANDLER"] ?? ""
        guard let handler = HandlerName(rawValue: name) else { throw FunctionError.unknownHandler(name) }
        let client = try AWSClient(http: http, environment: variables)
        var variables = variables
        // The authorities that were put into the bundle, if any were: the database then has to show who it is.
        let certificates = "\(variables["LAMBDA_TASK_ROOT"] ?? ".")/certificates/database.pem"
        if variables["PGSSLROOTCERT"] == nil, FileManager.default.fileExists(atPath: certificates) {
            variables["PGSSLROOTCERT"] = certificates
        }
        let delivery = ResponseDelivery(http: http)
        return { [variables] event, context in
            let client = client.tracing(context.traceID)
            let environment = FunctionEnvironment(
                variables: variables, secrets: SecretsManagerStore(api: SecretsManagerAPI(client: client)), aws: client,
                logger: context.logger)
            try await environment.handle(handler, event, until: context.deadline) {
                try await delivery.deliver($0, to: event, until: context.deadline)
            }
            return Array("{}".utf8)
        }
    }

    /// Lambda sends SIGTERM before it takes the environment away (AWS Lambda Developer Guide, "Shutdown phase"): what is
    /// at work is cancelled, and the database and its locks are let go of in order.
    private static func endsOnSIGTERM(
        _ running: Task<Void, any Error>, _ logger: Logger
    ) -> any DispatchSourceSignal {
        signal(SIGTERM, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGTERM, queue: .global())
        source.setEventHandler { running.cancel() }
        source.activate()
        return source
    }
}
