"""Names of a made-up town by naming group: what people are called, how often, and how each group's names are passed on.

Common names are public knowledge; rarer ones are put together from syllables. Frequencies fall off as in real registers (rank ** -0.8).
The respellings below are the generator's own and are not the variants that the model knows: some are in both, many are not.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import accumulate, product

FEMALE, MALE = "F", "M"


@dataclass(frozen=True)
class NamingGroup:
    """One naming group. ``rule``: how a family name goes down a family: shared, gendered, personal (each has their own) or two_part."""

    name: str
    share: float
    female: tuple[str, ...]
    male: tuple[str, ...]
    families: tuple[str, ...]
    rule: str
    first_of_january: float = 0.0

    def given(self, sex: str, rng: random.Random) -> str:
        return pick(self.female if sex == FEMALE else self.male, rng)

    def family(self, rng: random.Random) -> str:
        return pick(self.families, rng)


_SLOPE: dict[int, list[float]] = {}


def pick(names: tuple[str, ...], rng: random.Random) -> str:
    """One name, the first ones more often."""
    weights = _SLOPE.setdefault(len(names), list(accumulate((rank + 3) ** -0.8 for rank in range(len(names)))))
    return rng.choices(names, cum_weights=weights)[0]


def _words(text: str) -> tuple[str, ...]:
    return tuple(w.replace("_", " ") for w in text.split())


def _joined(starts: str, ends: str) -> tuple[str, ...]:
    mixed = [a + b for a, b in product(starts.split(), ends.split())]
    random.Random(7).shuffle(mixed)
    return tuple(mixed)


_BRITISH = NamingGroup(
    "White British",
    0.66,
    _words(
        "Susan Margaret Sarah Emma Laura Rebecca Chloe Charlotte Jessica Sophie Amy Olivia Emily Hannah Lauren Claire Nicola Karen Julie "
        "Elizabeth Jennifer Victoria Rachel Katherine Joanne Tracey Lisa Michelle Deborah Donna Samantha Louise Kelly Gemma Stacey Leanne "
        "Natalie Danielle Jade Megan Bethany Abigail Georgia Paige Shannon Holly Lucy Ellie Grace Lily Isla Poppy Ruby Evie Freya Daisy "
        "Alice Florence Rosie Sienna Matilda Harriet Imogen Phoebe Patricia Christine Linda Janet Carol Ann Jean Maureen Pauline Barbara "
        "Kerry Zoe Hayley Kirsty Cheryl Lindsey Toni Carly Kayleigh Jodie Amber Skye Lacey Summer Faith Hope Eleanor Isabelle Nancy Ivy"
    ),
    _words(
        "David James Thomas Daniel Matthew Christopher Andrew Michael Paul Mark John Robert Stephen Richard Peter Jack Joshua Ryan Luke Adam "
        "Lee Craig Darren Jason Gary Kevin Ian Alan Simon Anthony Joseph William Benjamin Samuel Alexander Nicholas Jonathan Edward Liam "
        "Connor Kieran Callum Jordan Kyle Nathan Aaron Ashley Scott Dean Wayne Stuart Neil Graham Colin Keith Brian Barry Terence Trevor "
        "Oliver Harry George Charlie Jacob Alfie Oscar Archie Leo Freddie Theo Arthur Noah Logan Mason Tyler Jake Lewis Harvey Riley Toby "
        "Max Ethan Isaac Reece Bradley Curtis Shane Brett Carl Clive Derek Roger Raymond Kenneth Dennis Frank Stanley Rory Finlay Ewan"
    ),
    _words(
        "Smith Jones Taylor Brown Williams Wilson Johnson Davies Robinson Wright Thompson Evans Walker White Roberts Green Hall Wood Jackson "
        "Clarke Hughes Edwards Thomas Hill Cooper Ward Turner Martin Harris Morris Clark Lewis Baker Lee King Harrison Morgan Allen James "
        "Scott Phillips Watson Davis Parker Price Bennett Young Griffiths Mitchell Kelly Cook Carter Richardson Bailey Collins Bell Shaw "
        "Murphy Miller Cox Richards Khan Marshall Anderson Simpson Ellis Adams Singh Begum Wilkinson Foster Chapman Powell Webb Rogers Gray "
        "Mason Ali Hunt Hussain Campbell Matthews Owen Palmer Holmes Mills Barnes Knight Lloyd Butler Russell Barker Fisher Stevens Jenkins "
        "Murray Dixon Harvey O'Brien O'Connor O'Neill McDonald MacDonald McKenzie Fletcher Graham Pearson Gibson Andrews Stewart Elliott"
    )
    + _joined(
        "Ash Black Brad Bram Charl Clay Crom Dal Dun East Field Gar Hale Hart Hazel Ken Kirk Lang Lin Marsh Mel Nor Oak Pem Pres Rad "
        "Ross Sal Shel Stan Swin Thorn Thur Wal War Wel Whit Win Wool York",
        "ton ley ford well by worth field ham wood shaw combe don bury more",
    ),
    "shared",
)
_EASTERN = NamingGroup(
    "East European",
    0.08,
    _words(
        "Anna Maria Katarzyna Agnieszka Małgorzata Joanna Ewa Magdalena Monika Aleksandra Natalia Karolina Zofia Julia Elena Ioana Andreea "
        "Mihaela Alina Cristina Oksana Olena Svetlana Tatiana Irina Nataliya Ekaterina Yulia Jolanta Rasa Ieva Kristina Zuzana Petra Jana "
        "Beata Dorota Wiktoria Oliwia Hanna Iwona Renata Sylwia Weronika Daria Anastasia Polina Ludmila Simona Gabriela Roxana"
    ),
    _words(
        "Piotr Krzysztof Andrzej Tomasz Paweł Marcin Michał Łukasz Jan Jakub Mateusz Wojciech Grzegorz Adam Kamil Szymon Ion Andrei Mihai "
        "Alexandru Gheorghe Vasile Florin Cristian Oleksandr Serhiy Dmytro Volodymyr Ivan Aleksei Sergei Dmitri Mindaugas Tomas Darius "
        "Jonas Peter Martin Juraj Zbigniew Stanisław Jerzy Rafał Dawid Filip Kacper Bogdan Razvan Marius Viktor Yuriy Maksym"
    ),
    tuple(f"{s}{e}" for s in ["Kowal", "Wiśniew", "Zieliń", "Lewandow", "Szymań", "Dąbrow", "Kozłow", "Jankow", "Mazur", "Woźn", "Kaczmar", "Piotrow", "Grabow", "Pawłow", "Michal", "Zając", "Wróblew", "Jabłoń", "Malinow", "Sobczy"] for e in ("ski", "czyk"))
    + _words(
        "Nowak Wójcik Popescu Ionescu Popa Radu Dumitru Stan Stoica Gheorghe Rusu Munteanu Ivanov Petrov Sidorov Kuznetsov Smirnov "
        "Shevchenko Kovalenko Bondarenko Tkachenko Melnyk Kravchenko Kazlauskas Jankauskas Petrauskas Horvath Novak Svoboda Dvorak"
    ),
    "gendered",
)
_SOUTH_ASIAN = NamingGroup(
    "South Asian",
    0.12,
    _words(
        "Fatima Ayesha Zainab Maryam Nasreen Shabana Rukhsana Saima Farzana Nazia Samina Yasmin Khadija Amina Aisha Sadia Rabia Hina Iqra "
        "Priya Anjali Kavita Sunita Pooja Neha Meera Deepa Lakshmi Jaspreet Manpreet Harpreet Gurpreet Simran Kiran Rajinder Balwinder "
        "Nusrat Shahnaz Parveen Tahira Rehana Shazia Sumaiya Halima Ruksana Jyoti Rekha Geeta Nisha Anita Zara Inaya Haleema"
    ),
    _words(
        "Mohammed Muhammad Ahmed Ali Hassan Imran Usman Bilal Hamza Omar Abdul Tariq Asif Nadeem Shahid Khalid Zahid Waqas Faisal Adeel "
        "Rajesh Sanjay Amit Vikram Anil Sunil Ravi Deepak Kumar Arjun Harjit Sukhdev Gurdeep Amarjit Balbir Jagdeep Manjit Ranjit Rahul "
        "Shafiq Rashid Javed Iqbal Naveed Kamran Arslan Zeeshan Haris Ibrahim Yusuf Ismail Rohan Dev Aryan Mohsin Junaid"
    ),
    _words(
        "Khan Ahmed Hussain Patel Ali Shah Begum Akhtar Mahmood Malik Iqbal Mohammed Rahman Miah Uddin Chowdhury Islam Hussein Sharma Gupta "
        "Mehta Desai Joshi Singh Kaur Bibi Mistry Chaudhry Mirza Qureshi Butt Aslam Rafiq Ashraf Bashir Nawaz Sheikh Siddiqui Raja Rashid "
        "Kapoor Verma Reddy Nair Fernandes Pereira Choudhary Bhatti Dhillon Gill Sandhu Grewal Sidhu Bains"
    ),
    "personal",
    0.03,
)
_AFRICAN = NamingGroup(
    "African, Arab or Turkish",
    0.08,
    _words(
        "Amina Fatuma Hodan Ifrah Sahra Halimo Asha Blessing Grace Chioma Ngozi Adaeze Funmilayo Folake Abena Akosua Ama Efua Layla Noor "
        "Huda Rania Samira Salma Zeinab Mariam Hala Dalia Fatma Ayşe Emine Zeynep Elif Hatice Merve Özlem Gülşen Selam Tigist Meron Hiwot "
        "Selamawit Miriam Ruth Nadia Souad Khadra Ubah Nimco Yetunde"
    ),
    _words(
        "Mohamed Abdi Ahmed Hassan Ibrahim Yusuf Omar Ali Abdirahman Mahad Emeka Chukwuma Olusegun Babatunde Tunde Kwame Kofi Yaw Kwabena "
        "Mustafa Mehmet Ahmet Hüseyin Emre Murat Hasan Burak Cem Serkan Khaled Tarek Youssef Karim Samir Bilal Abdullah Abdulaziz Tesfaye "
        "Dawit Bereket Yonas Samuel Emmanuel Ikechukwu Adewale Jamal Mahmoud Walid Said Farah Liban"
    ),
    _words(
        "Ali Mohamed Hassan Abdi Ahmed Ibrahim Omar Warsame Farah Jama Okafor Adeyemi Okonkwo Adebayo Eze Nwosu Balogun Mensah Owusu Boateng "
        "Asante Osei Appiah Yılmaz Kaya Demir Şahin Çelik Yıldız Öztürk Aydın Özdemir Arslan Al-Hassan El-Sayed Al-Masri Abu-Bakr El-Amin "
        "Al-Rashid Bin-Saleh Ben-Ali Mansour Khalil Haddad Tekle Gebre Haile Tesfaye Kidane Mwangi Kamau Otieno Diallo Traore Ndlovu Moyo"
    ),
    "personal",
    0.09,
)
_CHINESE = NamingGroup(
    "Chinese or Portuguese",
    0.06,
    _words(
        "Li_Na Xiao_Mei Mei_Ling Hui_Min Yan Fang Jing Xiu_Ying Wei_Ling Siu_Fong Ka_Yan Wing_Yee Suk_Yin Ana_Maria Maria_João Beatriz "
        "Mariana Inês Carolina Catarina Leonor Francisca Rita Sofia Marta Teresa Fernanda Juliana Camila Larissa Xin_Yi Yu_Ting Lan Hong"
    ),
    _words(
        "Wei Jian_Guo Xiao_Ming Jun_Jie Hao Zhi_Qiang Chi_Ming Kwok_Wai Wing_Keung Ka_Ho Tsz_Kin João Pedro Tiago Miguel Rui Nuno Paulo "
        "José_Carlos António Manuel Luís Diogo Gonçalo Rafael Bruno Rodrigo Felipe Thiago Yi_Chen Ming Qiang Lei Bo Cheng Feng"
    ),
    _words(
        "Chen Wang Li Zhang Liu Wong Chan Lam Cheung Ng Yang Huang Wu Zhou Xu Leung Ho Tang Silva_Santos da_Silva dos_Santos Ferreira_Costa "
        "Oliveira_Pereira de_Sousa Rodrigues_Almeida Martins_Lopes Carvalho_Gomes Ribeiro_Pinto Fernandes_Dias de_Almeida_Rocha "
        "Souza_Lima Barbosa_Melo Moreira_Nunes Teixeira_Cruz Mendes_Reis Cardoso_Freitas"
    ),
    "two_part",
)
GROUPS = (_BRITISH, _EASTERN, _SOUTH_ASIAN, _AFRICAN, _CHINESE)


def gendered(family: str, sex: str) -> str:
    """The form that a woman's or a man's family name takes in Slavic languages."""
    if sex == MALE:
        return family
    if family.endswith("ski"):
        return family[:-1] + "a"
    return family + "a" if family.endswith(("ov", "ev")) else family


NICKNAMES = {
    "Susan": "Sue Susie", "Margaret": "Maggie Peggy Meg", "Rebecca": "Becky Becca", "Charlotte": "Lottie Charlie", "Jessica": "Jess Jessie",
    "Sophie": "Soph", "Olivia": "Liv Livvy", "Nicola": "Nicky Nic", "Elizabeth": "Liz Beth Lizzie Betty Libby", "Jennifer": "Jenny Jen",
    "Victoria": "Vicky Tori", "Rachel": "Rach", "Katherine": "Kate Kathy Katie", "Joanne": "Jo", "Deborah": "Debbie Deb", "Samantha": "Sam",
    "Natalie": "Nat", "Danielle": "Dani", "Bethany": "Beth", "Abigail": "Abi Gail", "Georgia": "Georgie", "Patricia": "Pat Trish Tricia",
    "Christine": "Chris Chrissie", "Eleanor": "Ellie Nell", "Isabelle": "Izzy Bella", "Michelle": "Shell Mich", "Harriet": "Hattie",
    "Matilda": "Tilly", "David": "Dave", "James": "Jim Jamie Jimmy", "Thomas": "Tom Tommy", "Daniel": "Dan Danny", "Matthew": "Matt",
    "Christopher": "Chris Kit", "Andrew": "Andy Drew", "Michael": "Mike Mick Micky", "Robert": "Rob Bob Bobby Robbie", "Stephen": "Steve",
    "Richard": "Rick Dick Richie", "Peter": "Pete", "Joshua": "Josh", "Anthony": "Tony Ant", "Joseph": "Joe Joey", "William": "Will Bill Billy",
    "Benjamin": "Ben", "Samuel": "Sam Sammy", "Alexander": "Alex Xander Sandy", "Nicholas": "Nick", "Jonathan": "Jon Jonny",
    "Edward": "Ed Ted Eddie Ned", "Nathan": "Nate", "Kenneth": "Ken Kenny", "Raymond": "Ray", "Terence": "Terry", "Bradley": "Brad",
    "Oliver": "Ollie", "Harry": "Haz", "Katarzyna": "Kasia", "Agnieszka": "Aga", "Małgorzata": "Gosia", "Joanna": "Asia Joasia",
    "Magdalena": "Magda", "Aleksandra": "Ola", "Krzysztof": "Krzys", "Tomasz": "Tomek", "Paweł": "Pawel", "Grzegorz": "Grzes",
    "Wojciech": "Wojtek", "Svetlana": "Sveta", "Tatiana": "Tanya", "Nataliya": "Natasha", "Ekaterina": "Katya", "Sergei": "Seryozha",
    "Dmitri": "Dima", "Aleksei": "Alyosha", "Ivan": "Vanya", "Volodymyr": "Vova", "Alexandru": "Alex Sandu", "Gheorghe": "Gigi",
    "Mohammed": "Mo", "Muhammad": "Mo", "Mohamed": "Mo", "Abdullah": "Abdul", "Abdirahman": "Abdi", "Jaspreet": "Jas", "Manpreet": "Mani",
    "Harpreet": "Harp", "Gurpreet": "Guri", "Rajesh": "Raj", "Rajinder": "Raj", "Sanjay": "Sanj", "Francisca": "Chica", "Fernanda": "Nanda",
    "Emmanuel": "Manny", "Olusegun": "Segun", "Babatunde": "Tunde", "Ikechukwu": "Ike", "Chukwuma": "Chuma", "Funmilayo": "Funmi",
}  # fmt: skip
RESPELLINGS = (
    ("mohammed", "muhammad"), ("mohammed", "mohamed"), ("mohammed", "mohammad"), ("muhammad", "mohamad"), ("mohamed", "muhammed"),
    ("ahmed", "ahmad"), ("hussain", "hussein"), ("hussain", "husain"), ("yusuf", "yousef"), ("yusuf", "youssef"), ("fatima", "fathima"),
    ("ayesha", "aisha"), ("aisha", "aysha"), ("zainab", "zaynab"), ("maryam", "mariam"), ("khan", "kahn"), ("chowdhury", "choudhury"),
    ("chaudhry", "choudhary"), ("rahman", "rehman"), ("begum", "begom"), ("sheikh", "shaikh"), ("ibrahim", "ebrahim"), ("omar", "umar"),
    ("usman", "osman"), ("hassan", "hasan"), ("khaled", "khalid"), ("tarek", "tariq"), ("abdi", "abdey"), ("aleksandr", "alexander"),
    ("oleksandr", "alexander"), ("aleksandra", "alexandra"), ("sergei", "serhiy"), ("sergei", "sergey"), ("dmitri", "dmytro"),
    ("ekaterina", "kateryna"), ("yulia", "julia"), ("oksana", "oxana"), ("kowal", "koval"), ("czyk", "chyk"), ("ński", "nsky"), ("ski", "sky"),
    ("sz", "sh"), ("cz", "ch"), ("w", "v"), ("ou", "u"), ("ee", "i"), ("kh", "h"), ("ph", "f"), ("th", "t"), ("zh", "z"), ("tsz", "tze"),
    ("ng", "wu"), ("wong", "wang"), ("chan", "chen"), ("cheung", "zhang"), ("leung", "liang"), ("xiao", "siu"), ("qu", "k"), ("x", "ks"),
)  # fmt: skip
