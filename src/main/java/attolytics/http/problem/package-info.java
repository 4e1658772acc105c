/**
 * Why a request is refused, and how the response says so: status, problem document, error id.
 *
 * <p>Nothing here knows about connections or bodies: {@code http}, {@code http.body} and {@code
 * http.server} decide whether and when a request is refused. Start with {@link
 * attolytics.http.problem.Problem}, the only place that maps a reason to its status.
 */
@NullMarked
package attolytics.http.problem;

import org.jspecify.annotations.NullMarked;
