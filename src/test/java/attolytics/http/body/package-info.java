@NullMarked
package attolytics.http.body;

import org.jspecify.annotations.NullMarked;
