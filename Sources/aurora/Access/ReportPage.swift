// SPDX-License-Identifier: Apache-2.0

import DatabaseAccess
import Foundation

/// A report as one page that needs nothing else: to look at in a browser, to send, or to keep.
struct ReportPage {
    /// What the page's program reads.
    private struct Content: Encodable {
        let report: AccessReport
        let plan: AccessPlan
        let made: String
    }

    private let html: String

    init(_ report: AccessReport, _ plan: AccessPlan) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let content = Content(report: report, plan: plan, made: Date.now.formatted(.iso8601))
        // The text stands in a script element, which only this could end early (HTML Standard, "Restrictions for
        // contents of script elements").
        let json = String(decoding: try encoder.encode(content), as: UTF8.self).replacing("<", with: "\\u003c")
        html = String(decoding: PackageResources.report_html, as: UTF8.self)
            .replacing("\"{{content}}\"", with: json)
    }

    func write(to path: String) throws {
        do {
            try Data(html.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CommandError("'\(path)' cannot be written: \(error.localizedDescription)")
        }
        printError("The page is \(path)")
    }
}
