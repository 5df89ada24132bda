"""What each agency agreed with the Marac, in files a machine checks, and stand-ins for the agencies' systems."""
