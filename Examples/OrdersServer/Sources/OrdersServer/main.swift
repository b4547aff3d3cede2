// SPDX-License-Identifier: Apache-2.0

import AWSAPI
import FlyingFox
import Foundation
import HTTP
import Logging
import PostgreSQL
import SecretStore

let environment = ProcessInfo.processInfo.environment
let logger = Logger(label: "orders") { StreamLogHandler.standardError(label: $0) }

// Secrets Manager where it runs in AWS, the local stack's files where it runs here.
let secrets: any SecretStore
if let directory = environment["SECRETS_DIRECTORY"] {
    secrets = FileSecretStore(directory: directory)
} else {
    secrets = SecretsManagerStore(
        api: SecretsManagerAPI(client: try AWSClient(http: CurlClient(), environment: environment)))
}
let database = Database(
    secrets: secrets, secretID: environment["SECRET_ID"] ?? "OrdersServer", database: "orders",
    tls: environment["SECRETS_DIRECTORY"] == nil ? .require : .disable, logger: logger)

let server = HTTPServer(port: environment["PORT"].flatMap { UInt16($0) } ?? 8080)

await server.appendRoute("GET /orders") { _ in
    let rows = try await database.query("select count(*) as count from orders")
    let count: Int = try rows[0].decode("count")
    return HTTPResponse(statusCode: .ok, body: Data("\(count)\n".utf8))
}
// The client names the order, so that the same order twice is one.
await server.appendRoute("PUT /orders/:number") { request in
    guard let number = request.routeParameters["number"].flatMap({ Int($0) }) else {
        return HTTPResponse(statusCode: .badRequest)
    }
    _ = try await database.query("insert into orders (number) values (\(number)) on conflict do nothing")
    return HTTPResponse(statusCode: .created)
}
try await server.run()
