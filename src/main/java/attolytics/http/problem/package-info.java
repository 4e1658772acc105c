/**
 * Why a request is refused, and how the answer says so: status, problem document, error id.
 *
 * <p>Nothing here knows connections or bodies; who refuses a request, and when, is decided in
 * {@code http}, {@code http.body} and {@code http.server}. Begin with {@link
 * attolytics.http.problem.Problem}, the only place that gives a reason its status.
 */
@NullMarked
package attolytics.http.problem;

import org.jspecify.annotations.NullMarked;
