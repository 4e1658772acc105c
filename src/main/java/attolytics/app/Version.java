package attolytics.app;

/** The program's version, from the manifest of the jar. */
public final class Version {
  private Version() {}

  /** Returns the version, or "development" if the classes are in no jar. */
  public static String number() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
